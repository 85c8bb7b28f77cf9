"""A project in Python, from its studio: `footfall.open("http://127.0.0.1:7701", token=…)`.

By a token; or signed in as a browser is, by a one-time link (`…/open?token=…`) that opens a
session, whose secret goes along from then on.
"""

from __future__ import annotations

import http.client
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec
import pyarrow as pa
from pyarrow import parquet

from footfall import errors
from footfall.alerts.remote import RemoteAlerts
from footfall.catalog.remote import RemoteCrawls, RemoteQueries
from footfall.catalog.statements import is_definition
from footfall.continuous.remote import RemoteContinuous
from footfall.deliver.operating.remote import RemoteDeliveries
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.explore.answer import EventsAnswer, Member, Members
from footfall.explore.asked import AnswerResult, Asking
from footfall.explore.kinds import KINDS, NAME_OF
from footfall.explore.question.common import Common
from footfall.explore.remote_sessions import RemoteSessions
from footfall.explore.segments.access import SegmentAccess
from footfall.explore.segments.remote import RemoteSegments
from footfall.query.access import Result
from footfall.query.engine import Selection
from footfall.query.protocol import Column
from footfall.signin import TOKEN_PREFIX

SECONDS_MAX: Final = 300.0
"""Of an answer that does not come; longer than a statement may wait and run."""
BYTES_MAX: Final = 256 << 20
PAGE: Final = 10_000
"""Members asked for at a time."""
_KINDS: Final[dict[str, type[FootfallError]]] = {
    **dict.fromkeys(("not_found", "signed_out", "forbidden", "misdirected"), errors.Invalid),
    **{
        kind.code: kind
        for kind in (errors.Invalid, errors.Conflict, errors.LimitReached, errors.Corrupt)
    },
}
_Type = TypeVar("_Type")


class _Problem(msgspec.Struct):
    code: str
    detail: str
    problems: tuple[str, ...] = ()


class _Said(msgspec.Struct):
    rows: list[list[str]]


class RemoteProject(Asking):
    """A project behind a studio."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Sign in, or see that the token counts.

        Args:
            url: The studio's address; without a token, the link that `footfall serve` or `footfall
                studio link` prints, which opens once.
            token: Of `footfall token create`.

        Raises:
            Invalid: the address, the link or the token is none, or does not count any more.
            Unavailable: nothing answers there.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("name a home, or a studio's address: http://127.0.0.1:7701")
        self._parts: SplitResult = parts
        if token is not None:
            self._credential = {"authorization": f"Bearer {_checked(token)}"}
            self.ask("GET", "/api/explore/running", None, dict)
        elif parts.query:
            self._credential = {"cookie": self._signed_in()}
        else:
            raise Invalid(
                "give a token with a studio's address: footfall.open(address, token=token);"
                " footfall token create makes one"
            )

    def events(self, *series: Any, **options: Any) -> AnswerResult[EventsAnswer]:
        """How often something happens, to how many; see `Asking.ask_events`."""
        return self.ask_events(*series, **options)

    def answer(self, question: Common) -> Any:
        """The answer of the question's model; raises as `footfall.explore.access.Project`."""
        kind = KINDS[NAME_OF[type(question)]]
        return self.ask("POST", f"/api/explore/{kind.name}", question, kind.answer)

    def open_cell(self, question: Common, cell: str) -> Members:
        """All that a cell counted, page by page."""
        model = NAME_OF[type(question)]
        listed: list[Member] = []
        after = None
        while True:
            body = {"question": question, "cell": cell, "after": after, "limit": PAGE}
            page = self.ask("POST", f"/api/explore/{model}/members", body, Members)
            listed += page.members
            after = page.next
            if after is None:
                return msgspec.structs.replace(page, members=tuple(listed))

    @property
    def sessions(self) -> RemoteSessions:
        """The session definitions: list, define, diff, switch, drop."""
        return RemoteSessions(self.ask)

    @property
    def segments(self) -> SegmentAccess:
        """Named groups of visitors or users, as the studio keeps them."""
        return SegmentAccess(RemoteSegments(self.ask))

    @property
    def alerts(self) -> RemoteAlerts:
        """Rules, channels, history and back-tests, as `footfall.alerts.access.Alerts`."""
        return RemoteAlerts(self.ask)

    @property
    def deliveries(self) -> RemoteDeliveries:
        """Destinations of files, as `footfall.deliver.operating.access.Deliveries`."""
        return RemoteDeliveries(self.ask)

    @property
    def continuous(self) -> RemoteContinuous:
        """Its continuous queries, as `footfall.continuous.access.Continuous`."""
        return RemoteContinuous(self, self.ask)

    @property
    def queries(self) -> RemoteQueries:
        """Saved queries, as `footfall.catalog.access.ProjectQueries`."""
        return RemoteQueries(self.ask, self._fetch_rows)

    @property
    def crawls(self) -> RemoteCrawls:
        """Files of folders and buckets as tables: those there are."""
        return RemoteCrawls(self.ask)

    def sql(self, query: str, *values: Any, **named: Any) -> Result:
        """Run one SELECT there, or make or drop a view; see `footfall.query.access.Lake.sql`.

        The studio's limits hold: of more rows than `query.rows_max`, `Result.is_cut_off` tells.
        """
        if values and named:
            raise Invalid("give values for ? or for $name, not both")
        body = {"sql": query, "params": named or values}
        if is_definition(query):
            found = self.ask("POST", "/api/sql", body, _Said)
            return result_of(pa.table({"result": [row[0] for row in found.rows]}))
        return self._fetch_rows("/api/sql/parquet", body)

    def ask(self, method: str, target: str, body: Any, kind: type[_Type]) -> _Type:
        """One request with the session, and its answer.

        Raises:
            Invalid: the studio refused it, with every mistake in `problems`.
            Conflict: another writer was first, or the settings have it.
            LimitReached: it took more time or memory than the limits.
            Unavailable: the studio does not answer, or with something else.
        """
        answer, data = self._send(method, target, body)
        if answer.status == http.client.NO_CONTENT:
            return kind()
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise _something_else(error) from error

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

    def _fetch_rows(self, target: str, body: Any) -> Result:
        answer, data = self._send("POST", target, body)
        try:
            table = parquet.read_table(pa.BufferReader(data))
        except (OSError, pa.ArrowException) as error:
            raise _something_else(error) from error
        return result_of(table, is_cut_off=answer.headers.get("footfall-cut-off") == "true")

    def _send(self, method: str, target: str, body: Any) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer, if it is none of the errors that `ask` raises."""
        headers = {"content-type": "application/json", **self._credential}
        sent = None if body is None else msgspec.json.encode(body)
        answer, data = self._request(method, target, sent, headers)
        if http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
            return answer, data
        try:
            problem = msgspec.json.decode(data, type=_Problem)
        except msgspec.MsgspecError as error:
            raise _something_else(error) from error
        kind = _KINDS.get(problem.code, Unavailable)
        if kind is Invalid:
            raise Invalid(problem.detail.partition("\n")[0], problem.problems)
        raise kind(problem.detail)

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


def _checked(token: str) -> str:
    """A token as a header may have it."""
    found = token.strip()
    if not found.startswith(TOKEN_PREFIX) or not found.isascii() or not found.isprintable():
        raise Invalid(f"a token begins with {TOKEN_PREFIX}; footfall token create makes one")
    return found


def result_of(table: pa.Table, *, is_cut_off: bool = False) -> Result:
    """A table as what a statement selected."""
    import duckdb

    shown = duckdb.from_arrow(table.slice(0, 0))
    columns = tuple(
        Column(name, str(kind)) for name, kind in zip(shown.columns, shown.types, strict=True)
    )
    return Result(Selection(table, columns, is_cut_off, 0, 0))


def _something_else(error: Exception) -> Unavailable:
    return Unavailable(f"the studio answered with something else; is it of this version? {error}")
