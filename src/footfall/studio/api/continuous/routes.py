"""Routes of continuous queries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from footfall.continuous.checking import checked, columns_of, hinted, statement_of
from footfall.continuous.reading import WindowResult, results_statement, to_result
from footfall.errors import Invalid, Unavailable
from footfall.metadata.added.queries import ContinuousQuery, read_queries
from footfall.metadata.place import MetadataPlace
from footfall.settings import Settings, load_settings
from footfall.studio.edge.asker import while_asked
from footfall.studio.edge.problems import NotFound
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

WINDOWS_MAX: Final = 1000


class ContinuousQueries(msgspec.Struct, frozen=True):
    """Answer of `GET /api/continuous`."""

    queries: tuple[ContinuousQuery, ...]
    """By name."""


class ContinuousResults(msgspec.Struct, frozen=True):
    """Answer of `GET /api/continuous/{name}`."""

    query: ContinuousQuery
    results: tuple[WindowResult, ...]
    """The newest revision of each window, newest window first."""


class NewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/continuous/{name}`."""

    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=100_000)]
    """One SELECT over `"window"`."""
    window: str
    """`1m`, `5m by 1m`, or `session` and the name of a definition."""
    over: str = "events"
    """`events`, or closed `sessions`."""
    app: str = ""
    key: tuple[str, ...] = ()
    enabled: bool = True


@get("/", summary="Continuous queries", sync_to_thread=True, responses=PROBLEMS)
def queries(services: Use) -> ContinuousQueries:
    """All of the project, and how each gets on."""
    return ContinuousQueries(tuple(_read(services)))


@get("/{name:str}", summary="Results of a continuous query", responses=PROBLEMS)
async def results(
    services: Use, request: AnyRequest, name: FromPath[str], windows: FromQuery[int] = 60
) -> ContinuousResults:
    """One query and the results of its newest windows, at most 1000."""
    if not 0 < windows <= WINDOWS_MAX:
        raise Invalid(f"ask for 1 to {WINDOWS_MAX} windows: {windows=}")
    query = _one(await asyncio.to_thread(_read, services), name)
    sql, values = results_statement(name, limit=windows)
    try:
        answer = await while_asked(request.receive, services.sql.run(sql, values))
    except Unavailable:
        return ContinuousResults(query, ())
    rows = msgspec.json.decode(answer.body, type=list[list[Any]])
    return ContinuousResults(query, tuple(to_result(row) for row in rows))


@put("/{name:str}", summary="Add or change a continuous query", responses=PROBLEMS)
async def add(
    services: Use, request: AnyRequest, name: FromPath[str], data: JSONBody[NewQuery]
) -> ContinuousQuery:
    """Its statement is checked as every statement is; it is asked from the next events on."""
    definition = checked(name, msgspec.to_builtins(data))
    settings = _settings(services)
    statement = statement_of(definition, settings.sessions.default)
    columns: tuple[tuple[str, str], ...] = ()
    try:
        with contextlib.suppress(Unavailable):  # nothing to read yet; the guard let it pass
            found = await while_asked(
                request.receive, services.sql.run(statement.sql, statement.values)
            )
            columns = columns_of(definition, found.columns)
    except Invalid as error:
        raise hinted(error) from error
    limit = settings.continuous.queries_max
    return await asyncio.to_thread(
        _changed,
        services,
        lambda kept: kept.put(services.project, name, definition, limit, columns),
    )


@delete("/{name:str}", summary="Remove a continuous query", responses=PROBLEMS)
async def remove(services: Use, name: FromPath[str]) -> None:
    """It is asked no more; its results stay in the table `query_results`."""
    _one(await asyncio.to_thread(_read, services), name)
    await asyncio.to_thread(_changed, services, lambda kept: kept.remove(services.project, name))


def _read(services: Services) -> list[ContinuousQuery]:
    place = services.metadata or MetadataPlace.of(services.home)
    return read_queries(place, services.project)


def _one(found: list[ContinuousQuery], name: str) -> ContinuousQuery:
    for query in found:
        if query.name == name:
            return query
    raise NotFound(f"no continuous query of this name; GET /api/continuous lists them: {name=}")


def _changed(services: Services, change: Callable[[Any], Any]) -> Any:
    from footfall.metadata import Metadata  # SQLAlchemy, for the few who change something

    with contextlib.closing(
        Metadata.open(services.home, settings=_settings(services).metadata)
    ) as metadata:
        return change(metadata.queries)


def _settings(services: Services) -> Settings:
    return services.settings or load_settings(services.home.settings_file)


def router() -> Router:
    """Everything under `/api/continuous`."""
    return Router(
        "/api/continuous", route_handlers=[queries, results, add, remove], tags=["continuous"]
    )
