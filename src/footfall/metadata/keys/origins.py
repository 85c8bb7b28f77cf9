"""Origins as browsers send them: what people write is made into that, or refused.

A browser sends `scheme://host`, lower case, the host in ASCII (`xn--…`), without the port that the
scheme has anyway, and compares byte for byte; so does the collector. An origin in any other form
would never match, and nobody would be told.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from footfall.errors import Invalid

ANY: Final = "*"
_WILDCARD: Final = "*."
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}\Z")
_PORT: Final = re.compile(r"[0-9]{1,5}\Z")
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?\Z")
_LAST_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?\Z")
_FULL_STOPS: Final = str.maketrans("。．｡", "...")


def normal_origin(text: str) -> str:
    """The origin, or the pattern of one, as a browser would send it.

    `HTTPS://München.test:443/` is `https://xn--mnchen-3ya.test`. A pattern is `*`, or has one
    wildcard in front of its host: `https://*.shop.example`.

    Raises:
        Invalid: no browser sends that.
    """
    found = text.strip()
    if found == ANY:
        return found
    scheme, separator, rest = found.partition("://")
    scheme = scheme.lower()
    rest = rest.removesuffix("/")
    if not separator or not _SCHEME.match(scheme) or not rest or set("/?#@\\") & set(rest):
        raise _not_one(text, "write scheme and host only")
    wildcard, host = ("", rest)
    if rest.startswith(_WILDCARD):
        wildcard, host = _WILDCARD, rest[len(_WILDCARD) :]
    host, colon, port = _split_port(host)
    number = _port(text, port) if colon and port else None
    host = _host(text, host, is_pattern=bool(wildcard))
    ending = "" if number in (None, _USUAL_PORTS.get(scheme)) else f":{number}"
    return f"{scheme}://{wildcard}{host}{ending}"


def normal_or_same(text: str) -> str:
    """The same of a text that was stored before anybody looked at its form."""
    try:
        return normal_origin(text)
    except Invalid:
        return text


def _split_port(host: str) -> tuple[str, str, str]:
    if host.startswith("["):
        inside, bracket, port = host.partition("]")
        return inside + bracket, port[:1], port[1:]
    name, colon, port = host.rpartition(":")
    return (name, colon, port) if colon else (host, "", "")


def _port(text: str, port: str) -> int:
    if not _PORT.match(port) or int(port) > 65_535:
        raise _not_one(text, "the port is a number up to 65535")
    return int(port)


def _host(text: str, host: str, *, is_pattern: bool) -> str:
    if host.startswith("["):
        if not host.endswith("]"):
            raise _not_one(text, "the bracket is not closed")
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
        except ValueError:
            raise _not_one(text, "the address in brackets is no IPv6 address") from None
    host = _ascii(text, host.translate(_FULL_STOPS))
    if not _HOST.match(host):
        raise _not_one(text, "that is no host")
    if _LAST_NUMBER.match(host):
        try:
            found = str(ipaddress.IPv4Address(host))
        except ValueError:
            raise _not_one(text, "write an IPv4 address as four numbers") from None
        if is_pattern:
            raise _not_one(text, "addresses have no subdomains")
        return found
    return host


def _ascii(text: str, host: str) -> str:
    """The host in lower case and ASCII, as UTS 46 and browsers have it."""
    if host.isascii():
        return host.lower()
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise _not_one(text, "that is no host name") from None


def _not_one(text: str, why: str) -> Invalid:
    return Invalid(
        "origin is *, https://shop.example or https://*.shop.example, as a browser sends it;"
        f" {why}: {text!r}"
    )
