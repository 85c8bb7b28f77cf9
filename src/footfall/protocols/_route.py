"""Where requests of a protocol come in, and what is answered: data, no code.

A route is data so that the collector can have those of installed packages without loading what
else is in them: another process reads them and hands them over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from footfall.errors import Invalid
from footfall.protocols._refusal import USUAL_STATUSES, Refusal, is_over_later

REQUEST_ID_MARK: Final = b"<request id>"
"""In a reply's body: the id of the request takes its place."""

PATHS_MAX: Final = 32
KEYS_MAX: Final = 16
REPLY_BYTES_MAX: Final = 64 << 10

_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_.~@!$&'()*+,;=:-]+)+\Z")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}\Z")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,1024}\Z")
_METHODS: Final = frozenset({"GET", "POST", "PUT"})
_OWN_HEADERS: Final = frozenset(
    {"connection", "content-length", "content-type", "transfer-encoding", "vary", "x-request-id"}
)
_SLASHES: Final = re.compile(r"/{2,}")


class Query(msgspec.Struct, frozen=True, tag="query"):
    """The write id is a parameter of the query, the only place that a CORS preflight shows."""

    name: str


class Header(msgspec.Struct, frozen=True, tag="header"):
    """The write id is a header; `name` in any case."""

    name: str


class Authorization(msgspec.Struct, frozen=True, tag="authorization"):
    """A server key or a write id is the token of `Bearer`, or user or password of `Basic`."""


class InBody(msgspec.Struct, frozen=True, tag="body"):
    """The write id is in the body, which is JSON, plain or gzip: the text at `path`.

    Of an array, the first element counts. The collector parses such bodies to find the id, and
    nothing else of them; where they cannot be parsed the request has no key.
    """

    path: tuple[str, ...]


Key = Query | Header | Authorization | InBody


class Reply(msgspec.Struct, frozen=True):
    """What is answered to a request that is durable."""

    status: int = 200
    body: bytes = b""
    """`REQUEST_ID_MARK` in it becomes the request's id."""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One way in.

    A key is looked for in the order of `keys`; the first that is there counts. Refusals that can
    happen follow from the rest (`refusals`), and `statuses` must have each.
    """

    paths: tuple[str, ...] = ()
    """Absolute, without a slash at the end: `/api/event`. A request may have one."""
    path_setting: str = ""
    """In place of `paths`: the setting of `[collector]` that has the path. For ours."""
    methods: tuple[str, ...] = ("POST",)
    """Of GET, POST and PUT; OPTIONS is answered by itself."""
    keys: tuple[Key, ...]
    without_key: Literal["refuse", "unknown"] = "refuse"
    """A request without a key is refused; or is one of an unknown write id, and quarantined."""
    over_limit: Literal["refuse", "cut"] = "refuse"
    """A body over `collector.body_bytes_max` is refused; or kept cut, and fails later."""
    reply: Reply = Reply()
    quarantined: Reply | None = None
    """In place of `reply` where nobody knows the write id; `None`: the same."""
    statuses: Mapping[Refusal, int] = msgspec.field(default_factory=lambda: dict(USUAL_STATUSES))
    form: Literal["problem", "text"] = "text"
    """Body of refusals: `application/problem+json` (RFC 9457), or a sentence."""
    cors: bool = True
    """Pages of other origins send here: their preflights are answered."""

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            Invalid: with all mistakes.
        """
        problems = tuple(self._problems())
        if problems:
            raise Invalid("a route is wrong; mend it:", problems)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What can happen to a request of this route."""
        never = set()
        if self.over_limit == "cut":
            never.add(Refusal.BODY_TOO_LARGE)
        if self.without_key == "unknown":
            never.add(Refusal.NO_KEY)
        return tuple(refusal for refusal in Refusal if refusal not in never)

    @property
    def allow(self) -> str:
        """Of the header `Allow`."""
        return ", ".join((*self.methods, "OPTIONS") if self.cors else self.methods)

    def _problems(self) -> Iterator[str]:
        if bool(self.paths) == bool(self.path_setting) or len(self.paths) > PATHS_MAX:
            yield f"paths: expected 1 to {PATHS_MAX} of them"
        for path in self.paths:
            if not _PATH.match(path) or "/." in path:
                yield f"paths: expected one such as /api/event, not {path!r}"
        if not self.methods or not _METHODS.issuperset(self.methods):
            yield f"methods: expected some of GET, POST, PUT, not {', '.join(self.methods)!r}"
        if not 0 < len(self.keys) <= KEYS_MAX:
            yield f"keys: expected 1 to {KEYS_MAX} places where a request has its write id"
        for key in self.keys:
            yield from _key_problems(key)
        for reply in (self.reply, self.quarantined):
            yield from () if reply is None else _reply_problems(reply)
        yield from self._status_problems()

    def _status_problems(self) -> Iterator[str]:
        missing = [refusal.value for refusal in self.refusals if refusal not in self.statuses]
        if missing:
            yield f"statuses: expected one for each refusal; add {', '.join(missing)}"
        for refusal, status in self.statuses.items():
            if not 400 <= status <= 599:
                yield f"statuses: expected 400 to 599 for {refusal}, not {status}"
            elif is_over_later(refusal) and status not in (429, 503):
                yield f"statuses: {refusal} is over later; expected 429 or 503, not {status}"


def tidy_path(path: str) -> str:
    """The path without doubled slashes and without one at the end: clients put addresses together.

    `//v1/events/` is `/v1/events`; `/` stays.
    """
    found = _SLASHES.sub("/", path)
    return found.rstrip("/") or "/"


def _key_problems(key: Key) -> Iterable[str]:
    if isinstance(key, Header) and not _TOKEN.match(key.name):
        yield f"keys: expected the name of a header, not {key.name!r}"
    if isinstance(key, Query) and not _TOKEN.match(key.name):
        yield f"keys: expected the name of a parameter, not {key.name!r}"
    if isinstance(key, InBody) and not (0 < len(key.path) <= 4 and all(key.path)):
        yield f"keys: expected one to four names of members, not {key.path!r}"


def _reply_problems(reply: Reply) -> Iterable[str]:
    if not 200 <= reply.status <= 299:
        yield f"reply: expected a status of 200 to 299, not {reply.status}"
    if reply.status == 204 and reply.body:
        yield "reply: 204 has no body"
    if len(reply.body) > REPLY_BYTES_MAX:
        yield f"reply: expected a body of at most {REPLY_BYTES_MAX} bytes"
    if not _VALUE.match(reply.content_type):
        yield f"reply: expected a content type, not {reply.content_type!r}"
    for name, value in reply.headers:
        if not _TOKEN.match(name) or not _VALUE.match(value):
            yield f"reply: expected a header in ASCII, not {name!r}: {value!r}"
        elif name.lower() in _OWN_HEADERS or name.lower().startswith("access-control-"):
            yield f"reply: the collector sends {name.lower()} itself"
