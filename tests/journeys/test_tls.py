"""HTTPS inside the house: what `comanda tls init` makes, a server that serves it, a client that trusts nothing else."""

import json
import re
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.conftest import run_comanda

from comanda import demo
from comanda.base.errors import SetupError
from comanda.certificates import make_authority, parse_host, sign_server

SIGN_IN = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A data folder with an authority and a certificate in it."""
    run_comanda(
        "tls", "init", "--host", "Comanda.Local", "--host", "127.0.0.1", "--host", "192.168.1.10", "--host", "localhost",
        "--data-dir", "data", cwd=tmp_path,
    )  # fmt: skip
    return tmp_path / "data" / "tls"


def loaded(file: Path) -> x509.Certificate:
    """The first certificate of a file."""
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_what_is_made_is_private_short_lived_and_constrained(made):
    """Browsers take at most 398 days; the authority can vouch for nothing outside the house."""
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in made.iterdir()} == dict.fromkeys(
        ("ca.crt", "ca.key", "server.crt", "server.key"), 0o600
    )
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    server, authority = loaded(made / "server.crt"), loaded(made / "ca.crt")
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["comanda.local", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("192.168.1.10")]
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=397)
    assert authority.not_valid_after_utc - datetime.now(UTC) > timedelta(days=3_600)
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees
    assert (made / "server.crt").read_bytes().count(b"BEGIN CERTIFICATE") == 2


def test_nothing_is_overwritten_but_the_server_certificate_when_asked(made, tmp_path):
    """Tablets trust the authority: it is never replaced; a renewed certificate is signed by it, for the same hosts."""
    before = {file.name: file.read_bytes() for file in made.iterdir()}
    refused = run_comanda("tls", "init", "--host", "hub.local", "--data-dir", "data", cwd=tmp_path, check=False)
    assert refused.returncode == 1
    assert "--renew" in refused.stderr
    assert {file.name: file.read_bytes() for file in made.iterdir()} == before
    run_comanda("tls", "init", "--renew", "--data-dir", "data", cwd=tmp_path)
    after = {file.name: file.read_bytes() for file in made.iterdir()}
    assert (after["ca.crt"], after["ca.key"]) == (before["ca.crt"], before["ca.key"])
    assert after["server.key"] != before["server.key"]
    renewed = loaded(made / "server.crt")
    renewed.verify_directly_issued_by(loaded(made / "ca.crt"))
    names = renewed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(names.get_values_for_type(x509.DNSName)) == len(names.get_values_for_type(x509.IPAddress)) == 2
    run_comanda("tls", "init", "--renew", "--host", "hub.lan", "--data-dir", "data", cwd=tmp_path)
    names = loaded(made / "server.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hub.lan"]


@pytest.mark.parametrize(
    "host",
    ["", "example.com", "8.8.8.8", "*.local", "a b.local", "-x.local", "hub", "1.2.3", "2001:4860::1", "0.0.0.0"],
)
def test_hosts_outside_the_house_are_refused(host, tmp_path):
    """The authority's constraints would not cover them; the command says so before anything is made."""
    with pytest.raises(SetupError):
        parse_host(host)
    done = run_comanda("tls", "init", "--host", host, "--data-dir", "data", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "tls").exists()


def test_a_server_is_trusted_through_the_houses_own_authority_alone(made, tmp_path, start_comanda):
    """Under each of its names; cookies are Secure there; the authority can be fetched; unknown ones are refused."""
    server = start_comanda(
        "serve", "--demo", "--data-dir", str(made.parent), "--tls-cert", str(made / "server.crt"),
        "--tls-key", str(made / "server.key"), scheme="https",
    )  # fmt: skip
    trusting = ssl.create_default_context(cafile=str(made / "ca.crt"))
    for host in ("127.0.0.1", "localhost"):
        with httpx.Client(base_url=f"https://{host}:{server.port}", verify=trusting, timeout=60) as http:
            signed_in = http.post("/hub/v1/session", json=SIGN_IN)
            assert signed_in.status_code == 200
            assert all("; Secure" in cookie for cookie in signed_in.headers.get_list("set-cookie"))
            assert http.get("/hub/v1/session").status_code == 200
            served = http.get("/hub/v1/tls/ca.crt")
            assert served.headers["content-type"] == "application/x-x509-ca-cert"
            assert served.content == (made / "ca.crt").read_bytes()
            assert b"PRIVATE" not in served.content
            shown = http.get("/hub/v1/hello").json()["data"]["ca_fingerprint"]
            digest = loaded(made / "ca.crt").fingerprint(hashes.SHA256()).hex()
            assert shown.replace(":", "").lower() == digest
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(server.url, timeout=30)


def test_a_house_without_an_authority_has_none_to_show(tmp_path, start_comanda):
    """404 like everything else that is not there; a cookie over plain HTTP is not Secure, or no browser would keep it."""
    server = start_comanda("serve", "--demo", "--data-dir", str(tmp_path / "data"))
    assert httpx.get(f"{server.url}/hub/v1/hello", timeout=60).json()["data"]["ca_fingerprint"] is None
    missing = httpx.get(f"{server.url}/hub/v1/tls/ca.crt", timeout=60)
    assert (missing.status_code, missing.json()["error"]) == (404, "resource_not_found")
    signed_in = httpx.post(f"{server.url}/hub/v1/session", json=SIGN_IN, timeout=60)
    assert not any("Secure" in cookie for cookie in signed_in.headers.get_list("set-cookie"))


def test_a_certificate_that_lapses_soon_is_told(tmp_path, start_comanda):
    """In the log when the server starts, and by the doctor, which fails; a fresh one is good."""
    folder = tmp_path / "data" / "tls"
    folder.mkdir(parents=True)
    then = datetime.now(UTC) - timedelta(days=380)
    authority = make_authority("test", then)
    server = sign_server(authority, [parse_host("127.0.0.1")], then)
    (folder / "server.crt").write_bytes(server.certificate)
    (folder / "server.key").write_bytes(server.key)
    running = start_comanda(
        "serve", "--demo", "--data-dir", str(tmp_path / "data"), "--tls-cert", str(folder / "server.crt"),
        "--tls-key", str(folder / "server.key"), scheme="https",
    )  # fmt: skip
    (line,) = [json.loads(line) for line in running.output.read_text().splitlines() if '"tls.lapses"' in line]
    assert line["days"] in (15, 16)
    doctor = run_comanda("doctor", "--json", "--data-dir", "data", cwd=tmp_path, check=False)
    (row,) = [row for row in json.loads(doctor.stdout) if row["check"] == "certificate"]
    assert (doctor.returncode, row["state"]) == (1, "bad")
    assert re.search(r"in 1[56] days", row["detail"])
    for name in ("server.crt", "server.key"):
        (folder / name).unlink()
    run_comanda("tls", "init", "--host", "127.0.0.1", "--data-dir", "data", cwd=tmp_path)
    doctor = run_comanda("doctor", "--json", "--data-dir", "data", cwd=tmp_path)
    (row,) = [row for row in json.loads(doctor.stdout) if row["check"] == "certificate"]
    assert row["state"] == "good"


def test_a_certificate_for_addresses_alone_is_trusted(tmp_path, start_comanda):
    """A house may have no name for its server; the authority's constraints on names do not speak against that."""
    run_comanda("tls", "init", "--host", "127.0.0.1", "--data-dir", "data", cwd=tmp_path)
    folder = tmp_path / "data" / "tls"
    server = start_comanda(
        "serve", "--demo", "--data-dir", str(tmp_path / "data"), "--tls-cert", str(folder / "server.crt"),
        "--tls-key", str(folder / "server.key"), scheme="https",
    )  # fmt: skip
    trusting = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    with httpx.Client(base_url=f"https://127.0.0.1:{server.port}", verify=trusting, timeout=60) as http:
        assert http.get("/health").status_code == 200


def test_a_certificate_with_another_key_is_not_served(made, tmp_path):
    """As where a renewal was cut short: the server says so and does not start; renewing again mends it."""
    for name in ("server.crt", "server.key"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    run_comanda("tls", "init", "--renew", "--data-dir", "data", cwd=tmp_path)
    words = ("serve", "--demo", "--data-dir", "data", "--tls-cert", "server.crt")
    refused = run_comanda(*words, "--tls-key", str(made / "server.key"), cwd=tmp_path, check=False)
    assert refused.returncode == 1
    assert "no certificate and its key" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
