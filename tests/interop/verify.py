"""Verifies each ROOT=FULLCHAIN=NAME of the lines of standard input with pyca; a line an answer."""
import ipaddress
import sys

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def subject(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


for line in sys.stdin:
    root, chain, name = line.strip().split("=")
    with open(root, "rb") as f:
        anchor = x509.load_pem_x509_certificate(f.read())
    with open(chain, "rb") as f:
        certificates = x509.load_pem_x509_certificates(f.read())
    try:
        verifier = PolicyBuilder().store(Store([anchor])).build_server_verifier(subject(name))
        verifier.verify(certificates[0], certificates[1:])
        print("ACCEPT", chain)
    except Exception as e:
        print("REFUSE", chain, e)
