"""A project in Python, from its studio: `footfall.open("http://127.0.0.1:7701/open?token=…")`.

Signed in as a browser is: a one-time link opens a session, whose secret goes along from then on.
"""

from __future__ import annotations

import http.client
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from footfall import errors
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.explore.answer import EventsAnswer, Member, Members
from footfall.explore.asked import AnswerResult, Asking
from footfall.explore.kinds import KINDS, NAME_OF
from footfall.explore.question.common import Common
from footfall.explore.remote_sessions import RemoteSessions
from footfall.explore.segments.access import SegmentAccess
from footfall.explore.segments.remote import RemoteSegments

SECONDS_MAX: Final = 300.0
"""Of an answer that does not come; longer than a statement may wait and run."""
BYTES_MAX: Final = 256 << 20
PAGE: Final = 10_000
"""Members asked for at a time."""
_KINDS: Final[dict[str, type[FootfallError]]] = {
    kind.code: kind
    for kind in (errors.Invalid, errors.Conflict, errors.LimitReached, errors.Corrupt)
}
_Type = TypeVar("_Type")


class _Problem(msgspec.Struct):
    code: str
    detail: str
    problems: tuple[str, ...] = ()


class RemoteProject(Asking):
    """A project behind a studio."""

    def __init__(self, url: str) -> None:
        """Sign in.

        Args:
            url: The link that `footfall serve` or `footfall studio link` prints; it opens once.

        Raises:
            Invalid: it is no such link, or it was used before.
            Unavailable: nothing answers there.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("name a home, or a studio's link: http://127.0.0.1:7701/open?token=…")
        self._parts: SplitResult = parts
        self._cookie = self._signed_in()

    def events(self, *series: Any, **options: Any) -> AnswerResult[EventsAnswer]:
        """How often something happens, to how many; see `Asking.ask_events`."""
        return self.ask_events(*series, **options)

    def answer(self, question: Common) -> Any:
        """The answer of the question's model; raises as `footfall.explore.access.Project`."""
        kind = KINDS[NAME_OF[type(question)]]
        return self._post(f"/api/explore/{kind.name}", question, kind.answer)

    def open_cell(self, question: Common, cell: str) -> Members:
        """All that a cell counted, page by page."""
        model = NAME_OF[type(question)]
        listed: list[Member] = []
        after = None
        while True:
            body = {"question": question, "cell": cell, "after": after, "limit": PAGE}
            page = self._post(f"/api/explore/{model}/members", body, Members)
            listed += page.members
            after = page.next
            if after is None:
                return msgspec.structs.replace(page, members=tuple(listed))

    def ask(self, method: str, target: str, body: Any, kind: type[_Type]) -> _Type:
        """One request with the session, and its answer.

        Raises:
            Invalid: the studio refused it, with every mistake in `problems`.
            Conflict: another writer was first.
            Unavailable: the studio does not answer, or with something else.
        """
        headers = {"content-type": "application/json", "cookie": self._cookie}
        sent = None if body is None else msgspec.json.encode(body)
        answer, data = self._request(method, target, sent, headers)
        try:
            if answer.status == http.client.NO_CONTENT:
                return kind()
            if answer.status in (http.client.OK, http.client.CREATED):
                return msgspec.json.decode(data, type=kind)
            problem = msgspec.json.decode(data, type=_Problem)
        except msgspec.MsgspecError as error:
            raise Unavailable(
                f"the studio answered with something else; is it of this version? {error}"
            ) from error
        if problem.code in (Invalid.code, "not_found"):
            said = problem.detail.partition("\n")[0] if problem.problems else problem.detail
            raise Invalid(said, problem.problems)
        raise _KINDS.get(problem.code, Unavailable)(problem.detail)

    @property
    def sessions(self) -> RemoteSessions:
        """The session definitions: list, define, diff, switch, drop."""
        return RemoteSessions(self.ask)

    @property
    def segments(self) -> SegmentAccess:
        """Named groups of visitors or users, as the studio keeps them."""
        return SegmentAccess(RemoteSegments(self.ask))

    def __repr__(self) -> str:
        return f"<RemoteProject at {self._parts.scheme}://{self._parts.netloc}>"

    def _signed_in(self) -> str:
        target = f"{self._parts.path or '/'}?{self._parts.query}"
        answer, _ = self._request("GET", target, None, {})
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(answer.headers.get("set-cookie", ""))
        except CookieError as error:
            raise Unavailable("what answers there is no studio") from error
        if answer.status != http.client.SEE_OTHER or not cookies:
            raise Invalid(
                "the link does not open: it opens once, within a day; footfall studio link prints a"
                f" fresh one: status={answer.status}"
            )
        (name, morsel), *_ = cookies.items()
        return f"{name}={morsel.value}"

    def _post(self, target: str, body: Any, kind: type[_Type]) -> _Type:
        return self.ask("POST", target, body, kind)

    def _request(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        is_tls = self._parts.scheme == "https"
        make = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        connection = make(self._parts.hostname or "", self._parts.port, timeout=SECONDS_MAX)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            data = answer.read(BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"the studio does not answer; see that it runs: {self._parts.netloc}: {error}"
            ) from error
        finally:
            connection.close()
        return answer, data
