"""Host, path and query of a page, and the host of its referrer.

URLs come from devices: anything may stand there, so they are cut by the regular expression of RFC
3986 appendix B, which takes every text. Rules:

- Hosts are lower case, without user name, port and closing dot; IPv6 addresses keep brackets.
- Paths: escapes of characters that need none there are undone (`caf%C3%A9` is `café`, `%7E` is
  `~`), so that both spellings count as one page. Escapes of `/ ? # %`, of control characters and
  of what is no UTF-8 stay, because undoing them would change what the path means or cannot be done.
  So do those behind the first hundred places of a path that have some.
- The query is kept as sent, without `?`. The fragment is in `page_url` only.
- A URL without `//` and without a leading `/` (`about:blank`, `data:…`) has no path and no query.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct, with_columns

_URL: Final = re.compile(
    r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://([^/?#\\]*))?([^?#]*)(?:\?([^#]*))?", re.DOTALL
)
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_MEANINGFUL: Final = frozenset("/?#%\\")
RUNS_MAX: Final = 100
"""Escapes side by side are undone in one go, that often in a path; each takes a microsecond."""
_PORT: Final = re.compile(r":[0-9]*\Z")
_TEXTS: Final = (("host", pa.string()), ("path", pa.string()), ("query", pa.string()))


class Page(NamedTuple):
    """Parts of a URL."""

    host: str | None
    path: str | None
    query: str | None


def add_page(events: pa.Table) -> pa.Table:
    """Fill `page_host`, `page_path`, `page_query` and `referrer_host` from the URLs.

    A host as sent by the SDK stands where the URL has none.
    """
    page = per_distinct(column(events, "page_url"), split_url, _TEXTS)
    referrer = per_distinct(column(events, "page_referrer"), _host_only, _TEXTS[:1])
    return with_columns(
        events,
        {
            "page_host": pc.coalesce(page["host"], column(events, "page_host")),
            "page_path": page["path"],
            "page_query": page["query"],
            "referrer_host": pc.coalesce(referrer["host"], column(events, "referrer_host")),
        },
    )


def split_url(url: str) -> Page:
    """Parts of any text that stands for a URL."""
    authority, path, query = _URL.match(url).groups()  # type: ignore[union-attr]  # takes every text
    if authority is None and not path.startswith("/"):
        return Page(None, None, None)
    host = _host(authority) if authority else None
    return Page(host, decode_path(path) or "/", query or None)


def decode_path(path: str) -> str:
    """Undo the escapes that mean nothing; see the rules above."""
    return _ESCAPES.sub(_unescape, path, RUNS_MAX) if "%" in path else path


def _host_only(url: str) -> tuple[str | None]:
    authority = _URL.match(url)[1]  # type: ignore[index]  # takes every text
    return (_host(authority) if authority else None,)


def _host(authority: str) -> str | None:
    host = authority.rpartition("@")[2]
    return _PORT.sub("", host).lower().rstrip(".") or None


def _unescape(match: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(match[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return match[0]
    if text.isprintable() and _MEANINGFUL.isdisjoint(text):
        return text
    kept = text.translate(_AS_ESCAPES)
    if kept.isprintable():
        return kept
    return "".join(char if char.isprintable() else _escape(char) for char in kept)


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


_AS_ESCAPES: Final = {
    code: _escape(chr(code))
    for code in range(0x800)
    if not chr(code).isprintable() or chr(code) in _MEANINGFUL
}
"""Characters of one or two bytes whose escapes stay; there are too many others for a table."""
