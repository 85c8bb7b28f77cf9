"""Certificate files as an operator gives and renews them: wrong ones are refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from footfall.errors import Invalid
from footfall.machine.tls import ServerCertificate
from footfall.settings import load_settings
from tests.machine.tls.certificates import make_pair


def test_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    """With it anybody on the machine could pretend to be the server."""
    pair = make_pair(tmp_path)
    for mode in (0o604, 0o602, 0o601):
        pair.key.chmod(mode)
        with pytest.raises(Invalid, match="chmod o="):
            ServerCertificate(*pair)
    pair.key.chmod(0o640)
    ServerCertificate(*pair)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    """Missing, not PEM, of another pair, or with a password that nobody could type."""
    pair, other = make_pair(tmp_path), make_pair(tmp_path, "other")
    with pytest.raises(Invalid, match="missing"):
        ServerCertificate(tmp_path / "none.pem", pair.key)
    with pytest.raises(Invalid, match="missing"):
        ServerCertificate(pair.certificate, tmp_path / "none.key")
    with pytest.raises(Invalid, match="cannot be used together"):
        ServerCertificate(pair.certificate, other.key)
    with pytest.raises(Invalid, match="cannot be used together"):
        ServerCertificate(pair.key, pair.key)
    command = ["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", str(pair.key)]
    locked = tmp_path / "locked.key"
    subprocess.run([*command, "-out", str(locked)], check=True, capture_output=True, timeout=60)
    locked.chmod(0o600)
    with pytest.raises(Invalid, match="without a password"):
        ServerCertificate(pair.certificate, locked)


def test_a_change_is_told_once(tmp_path: Path) -> None:
    """Half of a renewal is told and not used; the other half completes it."""
    pair, renewed = make_pair(tmp_path), make_pair(tmp_path, "renewed")
    certificate = ServerCertificate(*pair)
    assert certificate.refresh() is None
    renewed.key.replace(pair.key)
    told = certificate.refresh()
    assert told is not None
    assert told.startswith("the old certificate stays in use: ")
    assert certificate.refresh() is None
    renewed.certificate.replace(pair.certificate)
    told = certificate.refresh()
    assert told is not None
    assert told.startswith("new connections get the changed certificate")
    assert certificate.refresh() is None


def test_settings_name_both_files_or_none() -> None:
    """One without the other would start a server without TLS, or none at all."""
    with pytest.raises(Invalid, match="collector: tls_certificate and tls_key go together"):
        load_settings(overrides=["collector.tls_certificate=/etc/cert.pem"])
    with pytest.raises(Invalid, match="an absolute path"):
        load_settings(overrides=["studio.tls_certificate=cert.pem", "studio.tls_key=/key.pem"])
    with pytest.raises(Invalid, match="scheme and host"):
        load_settings(overrides=["studio.public_url=https://footfall.example/path"])
