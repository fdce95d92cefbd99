"""A self-signed certificate, so that a phone on the local network gets a microphone.

Browsers give pages the microphone on HTTPS only (or on localhost). The certificate names every
address of this machine, lies in ``<data_dir>/tls`` and is made again when it is about to end or
the addresses changed.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 820  # Apple's systems refuse certificates that hold for more than 825 days
RENEW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where certificate and key lie, for the server, and the names it holds for."""

    certificate: Path
    key: Path
    names: tuple[str, ...]


def self_signed(data_dir: Path, host: str = "") -> Certificate:
    """The certificate in ``data_dir``, made if need be. ``host`` is named in it too. Blocking."""
    folder = data_dir / "tls"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    wanted = local_names(host)
    if not _serves(certificate, key, wanted):
        folder.mkdir(parents=True, exist_ok=True)
        _make(certificate, key, wanted)
    return Certificate(certificate, key, wanted)


def local_names(host: str = "") -> tuple[str, ...]:
    """Names and addresses this machine is reached by, sorted."""
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname()}
    if host not in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        names.add(host)
    names |= lan_addresses()
    return tuple(sorted(names))


def lan_addresses() -> set[str]:
    """Addresses of this machine on its networks. Sends nothing."""
    found: set[str] = set()
    # "Connecting" a datagram socket only asks the routing table; the targets are documentation addresses.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                found.add(probe.getsockname()[0])
        except OSError:  # no route for this family
            continue
    try:
        found |= {str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)}
    except socket.gaierror:
        return {one.partition("%")[0] for one in found}
    return {one.partition("%")[0] for one in found}


def _serves(certificate: Path, key: Path, wanted: tuple[str, ...]) -> bool:
    try:
        if not key.is_file():
            return False
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    have = set(names.get_values_for_type(x509.DNSName))
    have |= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    ends = loaded.not_valid_after_utc - timedelta(days=RENEW_DAYS)
    return set(wanted) <= have and datetime.now(UTC) < ends


def _make(certificate: Path, key: Path, names: tuple[str, ...]) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kaikou on this network")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    _write(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        0o600,
    )
    _write(certificate, built.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    temporary.replace(path)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
