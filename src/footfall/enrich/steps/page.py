"""Host, path and query of a page, and the host that led to it.

URLs come from devices: anything may stand there. They are read as browsers read them (`urls`), so
that all spellings of a page count as one. Rules:

- Hosts are lower case, international names in ASCII (`xn--…`), without user name, port and closing
  dot; IPv6 addresses keep brackets.
- Paths: `.` and `..` are resolved, and escapes of characters that need none there are undone
  (`caf%C3%A9` is `café`, `%7E` is `~`). Escapes of `/ ? # %`, of control characters and of what is
  no UTF-8 stay, because undoing them would change what the path means or cannot be done. So do
  those behind the first hundred places of a path that have some.
- The query is kept as sent, without `?`. The fragment is in `page_url` only.
- A URL without a host and without a leading `/` (`about:blank`, `data:…`) has no path and no query,
  nor has what no browser would open.

`referrer_host` is the host that led here: the SDK's, where it is outside the page's site (an SDK
that knows where the visit began says so on every page of it), else that of `page_referrer`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct
from footfall.enrich.step import Columns, NoSettings, Step, event_fields
from footfall.enrich.steps.sites import are_outside
from footfall.enrich.steps.urls import clean_host, host_of, parse_url, warm_up

_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_MEANINGFUL: Final = frozenset("/?#%\\")
RUNS_MAX: Final = 100
"""Escapes side by side are undone in one go, that often in a path; each takes a microsecond."""
PATH_BYTES_MAX: Final = 64 * 1024
"""Escapes that stay may make a path three times as long as the URL was."""
_TEXTS: Final = (("host", pa.string()), ("path", pa.string()), ("query", pa.string()))


class Page(NamedTuple):
    """Parts of a URL."""

    host: str | None
    path: str | None
    query: str | None


_NO_PAGE: Final = Page(None, None, None)


def add_page(events: pa.Table, _: NoSettings) -> Columns:
    """`page_host`, `page_path`, `page_query` and `referrer_host` from the URLs.

    A host as sent by the SDK stands where the URL has none.
    """
    page = per_distinct(column(events, "page_url"), split_url, _TEXTS)
    page_host = pc.coalesce(page["host"], _clean(column(events, "page_host")))
    sent = _clean(column(events, "referrer_host"))
    referrer = per_distinct(column(events, "page_referrer"), _host_only, _TEXTS[:1])["host"]
    if sent.null_count < len(sent):
        referrer = pc.if_else(are_outside(sent, page_host), sent, pc.coalesce(referrer, sent))
    return {
        "page_host": page_host,
        "page_path": page["path"],
        "page_query": page["query"],
        "referrer_host": referrer,
    }


def split_url(text: str) -> Page:
    """Parts of any text that stands for a URL."""
    url, text = parse_url(text)
    if url is None:
        return _NO_PAGE
    path = url.pathname
    if not url.hostname and not path.startswith("/"):
        return _NO_PAGE
    query = text.partition("#")[0].partition("?")[2]
    return Page(host_of(url), _bounded(decode_path(path)) or "/", query or None)


def decode_path(path: str) -> str:
    """Undo the escapes that mean nothing; see the rules above."""
    return _ESCAPES.sub(_unescape, path, RUNS_MAX) if "%" in path else path


def _host_only(text: str) -> tuple[str | None]:
    url, _ = parse_url(text)
    return (host_of(url) if url is not None else None,)


def _clean(hosts: pa.Array) -> pa.Array:
    if hosts.null_count == len(hosts):
        return hosts
    return per_distinct(hosts, lambda host: (clean_host(host),), _TEXTS[:1])["host"]


def _bounded(path: str) -> str:
    if len(path) * 4 <= PATH_BYTES_MAX or len(encoded := path.encode()) <= PATH_BYTES_MAX:
        return path
    return encoded[:PATH_BYTES_MAX].decode(errors="ignore")


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


PAGE: Final = Step(
    name="page",
    version=1,
    reads=("page_url", "page_host", "page_referrer", "referrer_host"),
    writes=event_fields("page_host", "page_path", "page_query", "referrer_host"),
    run=add_page,
    warm_up=warm_up,
)
