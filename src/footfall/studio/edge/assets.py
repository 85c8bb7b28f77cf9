"""The built front end: a few files, held in memory, so that no path is ever looked up on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

NONCE_PLACEHOLDER: Final = b"__CSP_NONCE__"
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".png": "image/png",
    ".txt": "text/plain",
}
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_REVALIDATED: Final = "no-cache"
MISSING_PAGE: Final = (
    b"<!doctype html><meta charset=utf-8><title>Footfall</title><p>The pages are not built."
    b" Run <code>make studio</code> and start again; the API works without them."
)


class Asset(msgspec.Struct, frozen=True):
    """One file as it is sent."""

    content: bytes
    media_type: str
    cache_control: str
    etag: str


class Assets:
    """Files below a directory by their path in a URL."""

    def __init__(self, directory: Path) -> None:
        """Read all of them now; a missing directory has none."""
        self._assets = {
            file.relative_to(directory).as_posix(): _asset(file, directory)
            for file in sorted(directory.rglob("*"))
            if file.is_file() and file.suffix in _TYPES
        }

    def get(self, path: str) -> Asset | None:
        """The file of exactly this path."""
        return self._assets.get(path)

    def page(self, nonce: str) -> bytes:
        """The one HTML page, its styles allowed by `nonce`."""
        index = self._assets.get("index.html")
        content = MISSING_PAGE if index is None else index.content
        return content.replace(NONCE_PLACEHOLDER, nonce.encode())


def _asset(file: Path, directory: Path) -> Asset:
    content = file.read_bytes()
    # The bundler puts a hash of the content into the names of what lies in assets/.
    is_hashed = file.relative_to(directory).parts[0] == "assets"
    return Asset(
        content=content,
        media_type=_TYPES[file.suffix],
        cache_control=_IMMUTABLE if is_hashed else _REVALIDATED,
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )
