+++
description = "the variables by which OpenSSL, Node, Python, the AWS CLI and curl find the CA"
+++
# All but Node's stand in place of what a program trusts otherwise: with the CA alone, nothing
# public is reached any more (the AWS CLI cannot speak with AWS). For both:
#   cat /etc/ssl/certs/ca-certificates.crt {{ ca | shell }} > both.pem
export SSL_CERT_FILE={{ ca | shell }}
export NODE_EXTRA_CA_CERTS={{ ca | shell }}
export REQUESTS_CA_BUNDLE={{ ca | shell }}
export AWS_CA_BUNDLE={{ ca | shell }}
export CURL_CA_BUNDLE={{ ca | shell }}
