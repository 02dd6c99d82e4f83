+++
description = "the variables by which OpenSSL, Node, Python, the AWS CLI and curl find the CA"
+++
export SSL_CERT_FILE={{ ca | shell }}
export NODE_EXTRA_CA_CERTS={{ ca | shell }}
export REQUESTS_CA_BUNDLE={{ ca | shell }}
export AWS_CA_BUNDLE={{ ca | shell }}
export CURL_CA_BUNDLE={{ ca | shell }}
