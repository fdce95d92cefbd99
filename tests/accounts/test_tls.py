"""The certificate for the local network."""

from __future__ import annotations

import http.client
import ssl
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from kaikou.accounts import tls
from kaikou.accounts.tls import local_names, self_signed


def test_it_is_made_once_and_kept_private(tmp_path: Path) -> None:
    made = self_signed(tmp_path)
    before = made.certificate.read_bytes()
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert self_signed(tmp_path) == made
    assert made.certificate.read_bytes() == before
    assert {"localhost", "127.0.0.1", "::1"} <= set(made.names)


def test_it_is_made_again_for_a_new_address(tmp_path: Path) -> None:
    before = self_signed(tmp_path).certificate.read_bytes()
    made = self_signed(tmp_path, host="10.11.12.13")
    assert made.certificate.read_bytes() != before
    loaded = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "10.11.12.13" in {str(one) for one in names.get_values_for_type(x509.IPAddress)}


def test_it_is_made_again_before_it_ends_or_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "VALID_DAYS", tls.RENEW_DAYS - 1)
    ending = self_signed(tmp_path).certificate.read_bytes()
    monkeypatch.undo()
    made = self_signed(tmp_path)
    assert made.certificate.read_bytes() != ending
    made.certificate.write_text("damaged")
    assert self_signed(tmp_path).certificate.read_text().startswith("-----BEGIN")


def test_any_address_is_not_a_name() -> None:
    assert not {"", "0.0.0.0", "::"} & set(local_names("0.0.0.0"))


class Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_client_that_trusts_it_connects(tmp_path: Path, name: str) -> None:
    made = self_signed(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Quiet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    trusting = ssl.create_default_context(cafile=str(made.certificate))
    connection = http.client.HTTPSConnection(name, server.server_port, context=trusting, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 204
    connection.close()
    thread.join(10)
    server.server_close()
