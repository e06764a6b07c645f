"""Certificates of the house: a local authority, what it signs for the server, and when a certificate lapses.

In go names and addresses; out come PEM texts. Nothing is read or written here but by `lapses_at`, and no key leaves the
house: the authority may only vouch for private addresses and for names inside the house.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from comanda.base.errors import SetupError

AUTHORITY_LIFE: Final = timedelta(days=3_650)
SERVER_LIFE: Final = timedelta(days=397)
"""Browsers refuse server certificates that live longer than 398 days; tablets of one maker also private ones."""
WARNED_BEFORE: Final = timedelta(days=30)
_CLOCKS_DIFFER: Final = timedelta(hours=24)
"""Certificates count from a day before: the clocks of tablets are not always right."""
_INSIDE_NAMES: Final = ("local", "lan", "home.arpa", "internal", "localhost")
_INSIDE_NETWORKS: Final = tuple(
    ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7",
                    "fe80::/10", "::1/128")
)  # fmt: skip
_SERVER: Final = "Comanda server"
"""No name of a host: what could be one is held to the authority's constraints on names, which no address fulfils."""
_NAME: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
Address = IPv4Address | IPv6Address


class Signed(Struct, frozen=True):
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


def parse_host(text: str) -> str | Address:
    """A server's name or address. Raises SetupError for what is neither, or does not belong to a house."""
    name = text.strip().lower().rstrip(".")
    try:
        address = ip_address(name)
    except ValueError:
        if not _NAME.fullmatch(name) or re.fullmatch(r"[\d.]+", name):
            raise SetupError(f"{text} is neither a host's name nor an address") from None
        if not name.endswith(tuple(f".{inside}" for inside in _INSIDE_NAMES)) and name != "localhost":
            wanted = ", ".join(f".{inside}" for inside in _INSIDE_NAMES)
            raise SetupError(
                f"{text} is no name inside a house ({wanted}); for a public name take a public authority's certificate"
            ) from None
        return name
    if not any(address in network for network in _INSIDE_NETWORKS if network.version == address.version):
        raise SetupError(f"{text} is no private address; for a public one take a public authority's certificate")
    return address


def make_authority(house: str, now: datetime) -> Signed:
    """An authority of this house's own, for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Comanda {house}")])
    limits = x509.NameConstraints(
        permitted_subtrees=[
            *(x509.DNSName(inside) for inside in _INSIDE_NAMES),
            *(x509.IPAddress(network) for network in _INSIDE_NETWORKS),
        ],
        excluded_subtrees=None,
    )
    usage = _usage(signs_certificates=True)
    built = (
        _begun(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(limits, critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(built, key)


def sign_server(authority: Signed, hosts: Sequence[str | Address], now: datetime) -> Signed:
    """A certificate of the authority's for a server that is reached under these names and addresses.

    Raises SetupError when the authority itself lapses before.
    """
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signing = serialization.load_pem_private_key(authority.key, password=None)
    public = issuer.public_key()
    if (
        not isinstance(signing, ec.EllipticCurvePrivateKey)
        or not isinstance(public, ec.EllipticCurvePublicKey)
        or signing.public_key() != public
    ):
        raise SetupError("the authority's key is not its certificate's")
    if issuer.not_valid_after_utc < now + SERVER_LIFE:
        raise SetupError(f"the authority lapses on {issuer.not_valid_after_utc:%Y-%m-%d}; make a new one")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _SERVER)])
    names = [x509.DNSName(host) if isinstance(host, str) else x509.IPAddress(host) for host in hosts]
    built = (
        _begun(name, issuer.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(signing, hashes.SHA256())
    )
    return _pem(built, key)


def hosts_of(certificate: bytes) -> list[str | Address]:
    """The names and addresses that a server's certificate is for."""
    loaded = x509.load_pem_x509_certificate(certificate)
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    return [
        *names.get_values_for_type(x509.DNSName),
        *(address for address in addresses if isinstance(address, IPv4Address | IPv6Address)),
    ]


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate as devices show it, in pairs of digits."""
    digest = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def lapses_at(file: Path) -> datetime:
    """When the first certificate of a PEM file lapses. Raises SetupError for a file that holds none."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise SetupError(f"{file} cannot be read as a certificate: {error}") from error


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    begins = now.astimezone(UTC) - _CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Signed:
    return Signed(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
