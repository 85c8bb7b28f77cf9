"""The certificate of a server that speaks TLS by itself, followed while it runs.

Renewed files are taken up by new connections; those that are open go on. A renewal that is broken
or half written (certificate and key come one after another) is told, and the certificate before it
stays in use until the files fit again.
"""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Any, Final

from footfall.errors import Invalid

_OTHERS: Final = stat.S_IRWXO
_Seen = tuple[tuple[int, int, int], ...]


class ServerCertificate:
    """A certificate with its key, from two PEM files."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        """Load them.

        Args:
            certificate_file: The server's certificate, then those of its issuers.
            key_file: Its private key, without a password; must not be open to all users.

        Raises:
            Invalid: they cannot be used; the message says why.
        """
        self._files = (certificate_file, key_file)
        self._seen = self._look()
        self._current = _load(certificate_file, key_file)
        self.context = _load(certificate_file, key_file)
        """For the listening socket, for good: each handshake goes on with the newest."""
        self.context.sni_callback = self._use_newest

    def refresh(self) -> str | None:
        """Take up changed files; call it every second or so.

        Returns:
            What to tell the operator: that the new certificate is used, or why the old one stays.
            `None` if nothing changed. Each change is told once.
        """
        seen = self._look()
        if seen == self._seen:
            return None
        self._seen = seen
        try:
            self._current = _load(*self._files)
        except Invalid as error:
            return f"the old certificate stays in use: {error}"
        return f"new connections get the changed certificate: {self._files[0]}"

    def _use_newest(self, connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called within each handshake, also without a server name."""
        connection.context = self._current

    def _look(self) -> _Seen:
        return tuple(map(_identity, self._files))


def server_certificate(certificate: str, key: str) -> ServerCertificate | None:
    """The certificate that settings name; `None` where they name none.

    Raises:
        Invalid: it cannot be used.
    """
    return ServerCertificate(Path(certificate), Path(key)) if certificate else None


def _load(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """A context of its own: loading files that do not fit would spoil one that is in use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        mode = key_file.stat().st_mode
        if mode & _OTHERS:
            raise Invalid(
                "every user of this machine can read the TLS key; close it with"
                f" chmod o= {key_file}"
            )
        # A key with a password would ask on the terminal.
        context.load_cert_chain(certificate_file, key_file, password=lambda: b"")
    except FileNotFoundError as error:
        path = error.filename or f"{certificate_file} or {key_file}"
        raise Invalid(f"a TLS file is missing; make it or change the settings: {path}") from error
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise Invalid(
            "TLS certificate and key cannot be used together; give PEM files, the key without a"
            f" password: certificate={certificate_file} key={key_file} {error}"
        ) from error
    return context


def _identity(file: Path) -> tuple[int, int, int]:
    """Changes with the file; zeros for a missing one."""
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)
