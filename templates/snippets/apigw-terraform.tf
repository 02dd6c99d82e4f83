+++
description = "Terraform: API Gateway to this back end through a VPC link, with its TLS settings"
needs = ["host"]
[set]
address = "10.103.10.95"
port = "443"
stage = "prod"
vpc_id = "var.vpc_id"
subnet_ids = "var.subnet_ids"
+++
# REST API -> VPC link -> internal NLB -> the back end at {{ address }}:{{ port }}, which shows fullchain.pem of {{ name }}.
# The NLB passes TCP through, so the back end's own certificate is what API Gateway meets; the host of the
# uri is the name that it is checked against. insecure_skip_verification lets a private CA through: dates,
# name and the presence of a root are checked nevertheless.
resource "aws_lb" "{{ id }}" {
  internal           = true
  load_balancer_type = "network"
  subnets            = {{ subnet_ids }}
}

resource "aws_lb_target_group" "{{ id }}" {
  vpc_id      = {{ vpc_id }}
  target_type = "ip"
  protocol    = "TCP"
  port        = {{ port }}
}

resource "aws_lb_target_group_attachment" "{{ id }}" {
  target_group_arn  = aws_lb_target_group.{{ id }}.arn
  target_id         = {{ address | quoted }}
  port              = {{ port }}
  availability_zone = "all"
}

resource "aws_lb_listener" "{{ id }}" {
  load_balancer_arn = aws_lb.{{ id }}.arn
  port              = {{ port }}
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.{{ id }}.arn
  }
}

resource "aws_api_gateway_vpc_link" "{{ id }}" {
  name        = {{ id | quoted }}
  target_arns = [aws_lb.{{ id }}.arn]
}
{%- if dns %}

# So that what is inside the VPC reaches it by the same name.
resource "aws_route53_zone" "{{ id }}" {
  name = {{ dns[0] | quoted }}

  vpc {
    vpc_id = {{ vpc_id }}
  }
}

resource "aws_route53_record" "{{ id }}" {
  zone_id = aws_route53_zone.{{ id }}.zone_id
  name    = {{ dns[0] | quoted }}
  type    = "A"

  alias {
    name                   = aws_lb.{{ id }}.dns_name
    zone_id                = aws_lb.{{ id }}.zone_id
    evaluate_target_health = true
  }
}
{%- endif %}

resource "aws_api_gateway_rest_api" "{{ id }}" {
  name = {{ id | quoted }}
}

resource "aws_api_gateway_method" "{{ id }}" {
  rest_api_id   = aws_api_gateway_rest_api.{{ id }}.id
  resource_id   = aws_api_gateway_rest_api.{{ id }}.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "{{ id }}" {
  rest_api_id             = aws_api_gateway_rest_api.{{ id }}.id
  resource_id             = aws_api_gateway_rest_api.{{ id }}.root_resource_id
  http_method             = aws_api_gateway_method.{{ id }}.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = {{ ("https://" ~ url_hosts[0] ~ "/") | quoted }}
  connection_type         = "VPC_LINK"
  connection_id           = aws_api_gateway_vpc_link.{{ id }}.id

  tls_config {
    insecure_skip_verification = true
  }
}

resource "aws_api_gateway_deployment" "{{ id }}" {
  rest_api_id = aws_api_gateway_rest_api.{{ id }}.id
  depends_on  = [aws_api_gateway_integration.{{ id }}]
}

resource "aws_api_gateway_stage" "{{ id }}" {
  rest_api_id   = aws_api_gateway_rest_api.{{ id }}.id
  deployment_id = aws_api_gateway_deployment.{{ id }}.id
  stage_name    = {{ stage | quoted }}
}
