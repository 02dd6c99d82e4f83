+++
description = "the AWS CLI: a TLS listener of a Network Load Balancer"
needs = ["arn"]
[set]
load_balancer_arn = "LOAD_BALANCER_ARN"
target_group_arn = "TARGET_GROUP_ARN"
+++
aws elbv2 create-listener --region {{ region }} \
    --load-balancer-arn {{ load_balancer_arn | shell }} \
    --protocol TLS --port 443 --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06 \
    --certificates {{ ("CertificateArn=" ~ arn) | shell }} \
    --default-actions {{ ("Type=forward,TargetGroupArn=" ~ target_group_arn) | shell }}
