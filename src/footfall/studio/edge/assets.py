"""The built front end: a few files, held in memory, so that no path is ever looked up on disk.

The build puts `x.js.br` and `x.js.gz` beside `x.js`; they are other forms of that file, sent to
those who take them, and have no address of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
_ENDINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Of the forms, by their name in `Accept-Encoding`; the smaller first."""
_IDENTITY: Final = "identity"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_REVALIDATED: Final = "no-cache"
MISSING_PAGE: Final = (
    b"<!doctype html><meta charset=utf-8><title>Footfall</title><p>The pages are not built."
    b" Run <code>make studio</code> and start again; the API works without them."
)


class Form(msgspec.Struct, frozen=True):
    """One encoding of a file."""

    encoding: str
    content: bytes
    etag: str


class Asset(msgspec.Struct, frozen=True):
    """One file and all its forms."""

    media_type: str
    cache_control: str
    plain: Form
    encoded: tuple[Form, ...]
    """The smaller first."""

    def form(self, accept_encoding: str) -> Form:
        """What a request with this header gets: what it likes best, the smallest of those.

        A form that it refuses is never chosen; the file as it is goes to those who refuse all.
        """
        likes = _likes(accept_encoding)
        anything = likes.get("*", 0.0)
        best, best_like = self.plain, likes.get(_IDENTITY, 0.0)
        for form in reversed(self.encoded):
            like = likes.get(form.encoding, anything)
            if like > 0 and like >= best_like:
                best, best_like = form, like
        return best

    def headers(self, form: Form) -> dict[str, str]:
        """Of an answer with this form, or that says the asker has it."""
        headers = {"cache-control": self.cache_control, "etag": form.etag}
        if self.encoded:
            headers["vary"] = "accept-encoding"
        if form.encoding != _IDENTITY:
            headers["content-encoding"] = form.encoding
        return headers


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
        content = MISSING_PAGE if index is None else index.plain.content
        return content.replace(NONCE_PLACEHOLDER, nonce.encode())


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the header names `etag`: then the asker has the form already."""
    known = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return any(one in (etag, "*") for one in known)


def _likes(accept_encoding: str) -> Mapping[str, float]:
    """Weight of each encoding, as RFC 9110 §12.5.3 has them; one that cannot be read is refused."""
    likes = {}
    for part in accept_encoding.lower().split(","):
        name, _, rest = part.partition(";")
        key, _, weight = rest.partition("=")
        try:
            likes[name.strip()] = float(weight) if key.strip() == "q" else 1.0
        except ValueError:
            likes[name.strip()] = 0.0
    return likes


def _asset(file: Path, directory: Path) -> Asset:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:32]
    encoded = (
        Form(name, other.read_bytes(), f'"{digest}-{name}"')
        for name, ending in _ENDINGS.items()
        if (other := file.with_name(file.name + ending)).is_file()
    )
    # The bundler puts a hash of the content into the names of what lies in assets/.
    is_hashed = file.relative_to(directory).parts[0] == "assets"
    return Asset(
        media_type=_TYPES[file.suffix],
        cache_control=_IMMUTABLE if is_hashed else _REVALIDATED,
        plain=Form(_IDENTITY, content, f'"{digest}"'),
        encoded=tuple(encoded),
    )
