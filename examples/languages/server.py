"""Serves with the files that `certforge run` made, and runs each client with the URL."""

import os
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.environ["CERTFORGE_FULLCHAIN_FILE"], os.environ["CERTFORGE_KEY_FILE"])
server = HTTPServer(("127.0.0.1", 0), Hello)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

url = f"https://localhost:{server.server_port}/"
sys.exit(any([subprocess.run([*client.split(), url], check=False).returncode for client in sys.argv[1:]]))
