"""Connects to each HOST:PORT, trusting one file; a line an answer."""
import socket
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
for target in sys.argv[2:]:
    host, _, port = target.rpartition(":")
    try:
        with socket.create_connection((host, int(port))) as plain:
            with context.wrap_socket(plain, server_hostname=host) as tls:
                print("ACCEPT", tls.version())
    except ssl.SSLCertVerificationError as e:
        print("REFUSE", e.verify_message)
