"""Certificates for 127.0.0.1 and localhost, made by openssl when a test needs one."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    """PEM files of a self-signed certificate and its key."""

    certificate: Path
    key: Path

    def settings(self, section: str) -> tuple[str, ...]:
        """Overrides that make a part use it."""
        return (f"{section}.tls_certificate={self.certificate}", f"{section}.tls_key={self.key}")

    def trusting(self) -> ssl.SSLContext:
        """A client that trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def replace_by(self, other: Pair) -> None:
        """As renewal does: each file by rename, one after the other."""
        os.replace(other.key, self.key)
        os.replace(other.certificate, self.certificate)


def make_pair(directory: Path, name: str = "server") -> Pair:
    """A new one."""
    pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    pair.key.chmod(0o600)
    return pair
