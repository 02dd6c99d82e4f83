import subprocess

import pytest


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["certforge", "-q", "--dir", folder, "up", "localhost", "127.0.0.1", "--key", "p256"], check=True)
    return folder / "localhost"  # fullchain.pem, key.pem, ca.pem


@pytest.fixture(params=["expired", "wrong-host", "unknown-ca", "self-signed"])
def bad_server(request, tmp_path):
    ca = tmp_path / "ca.pem"
    command = ["certforge", "-q", "serve", "--fault", request.param, "--ca-file", ca]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip(), ca
        server.terminate()
