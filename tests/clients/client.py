import socket
import ssl
import sys

for line in sys.stdin:
    host, port, trust = line.rstrip("\n").split("\t")
    try:
        context = ssl.create_default_context(cafile=trust)
        if "3.13" in sys.argv:
            # Its default (What's new in Python 3.13).
            context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=host):
                pass
        print("OK", flush=True)
    except Exception as e:
        print(str(e).replace("\n", " "), flush=True)
