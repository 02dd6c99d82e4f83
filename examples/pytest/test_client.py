import http.server
import socket
import ssl
import threading
import urllib.parse
import urllib.request

import pytest


def test_a_good_server_is_believed(tls):
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "fullchain.pem", tls / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.handle_request, daemon=True).start()
    believes = ssl.create_default_context(cafile=tls / "ca.pem")
    with urllib.request.urlopen(f"https://localhost:{server.server_port}/", context=believes) as answer:
        assert answer.status == 200


def test_a_bad_server_is_refused(bad_server):
    url, ca = bad_server
    believes = ssl.create_default_context(cafile=ca)
    port = urllib.parse.urlsplit(url).port
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises(ssl.SSLCertVerificationError):
        believes.wrap_socket(plain, server_hostname="server.test")
