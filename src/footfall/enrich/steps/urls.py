"""URLs by the standard of browsers (WHATWG), as Ada reads them, and texts that only mean one.

People set URLs by hand and forget the scheme: `shop.test/a` is `https://shop.test/a` where its
first part can only be a host. What no browser would open has no parts.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from can_ada import URL

_AROUND: Final = "".join(map(chr, range(0x21)))
"""Control characters and blanks, which the standard takes off both ends."""
_WITHIN: Final = {ord(char): None for char in "\t\n\r"}
"""Those it leaves out wherever they stand."""
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_AND_PORT: Final = re.compile(r"(?:[^/?#\\:@]*\.[^/?#\\:@]*|localhost):[0-9]{1,5}(?:[/?#]|\Z)")
"""`shop.test:8080/a`, which the standard would take for a scheme."""
_FIRST_PART: Final = re.compile(r"([^/?#\\]*?)(?::[0-9]{1,5})?(?=[/?#\\]|\Z)")
"""Without the port."""
_NAME: Final = re.compile(
    r"(?:[^\s.@:%\[\]<>^|\"'(){},;!*]+\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]+)\.?"
    r"|localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:.]+\]",
    re.IGNORECASE,
)
"""What can only be a host: a domain with a top level of letters, or an address."""
_FILES: Final = frozenset(
    {
        *("asp", "aspx", "cfm", "cgi", "css", "gif", "htm", "html", "jpeg", "jpg", "js", "jsp"),
        *("jspx", "pdf", "php", "png", "svg", "txt", "webp", "xhtml", "xml"),
    }
)
"""Last parts of names of files, which no top-level domain is."""
NO_HOST: Final = "no-host.invalid"
_PLAIN_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def parse_url(text: str) -> tuple[URL | None, str]:
    """A URL, and its text without what the standard leaves out; `None` where there is none.

    A path alone (`/a?b=c`) is taken to be on a host nobody knows, which is `NO_HOST`.
    """
    text = text.strip(_AROUND)
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.translate(_WITHIN)
    if _SCHEME.match(text) and not _HOST_AND_PORT.match(text):
        return _parsed(text), text
    if text.startswith(("//", "\\\\")):
        return _parsed("https:" + text), text
    if text.startswith("/"):
        return _parsed(f"https://{NO_HOST}{text}"), text
    name = _FIRST_PART.match(text)[1]  # type: ignore[index]  # takes every text
    if _NAME.fullmatch(name) and name.rpartition(".")[2].lower() not in _FILES:
        return _parsed("https://" + text), text
    return None, text


def host_of(url: URL) -> str | None:
    """Its host: lower case, international names in ASCII (`xn--…`), without a closing dot."""
    host = url.hostname
    if not host or host == NO_HOST:
        return None
    return str(host).lower().rstrip(".") or None


@functools.lru_cache(maxsize=10_000)
def clean_host(host: str) -> str | None:
    """A host that was sent by itself, in the spelling of `host_of`; one that is none as it is."""
    if _PLAIN_HOST.fullmatch(host):
        return host
    url = _parsed("https://" + host.strip(_AROUND))
    return (host_of(url) if url is not None else None) or host.strip().lower() or None


def warm_up() -> None:
    """Load Ada."""
    parse_url("https://warm.up/")


def _parsed(text: str) -> URL | None:
    from can_ada import parse

    try:
        return parse(text)
    except ValueError:  # what Ada says of a text that is no URL
        return None
