+++
description = "Terraform: an HTTPS listener with the imported certificate"
needs = ["arn"]
[set]
load_balancer_arn = "aws_lb.main.arn"
target_group_arn = "aws_lb_target_group.main.arn"
+++
resource "aws_lb_listener" "{{ id }}" {
  load_balancer_arn = {{ load_balancer_arn }}
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = {{ arn | quoted }}

  default_action {
    type             = "forward"
    target_group_arn = {{ target_group_arn }}
  }
}
