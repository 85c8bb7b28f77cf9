"""Routes of session definitions: how far each is, add one, compare two, switch, drop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from footfall import redefine
from footfall.errors import Invalid
from footfall.metadata.place import MetadataPlace
from footfall.query import SqlRunner
from footfall.redefine import Comparing, Difference, Listed, Question
from footfall.settings import Settings, load_settings
from footfall.studio.api.sessions.definitions import read_listed
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

if TYPE_CHECKING:
    from footfall.metadata import Metadata

OPTIONS_MAX: Final = 20
TRIES: Final = 40
TRY_SECONDS: Final = 0.25
Option = str | int | float | bool | list[str] | dict[str, str]


class DefinitionList(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sessions/definitions`."""

    definitions: tuple[Listed, ...]
    """The stored default first."""


class NewDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/sessions/definitions/{name}`."""

    options: Annotated[dict[str, Option], msgspec.Meta(max_length=OPTIONS_MAX)]
    """As in a table of `[sessions.definitions]`, such as `{"kind": "gap", "gap": "5m"}`."""


@get("/definitions", summary="Session definitions", sync_to_thread=True, responses=PROBLEMS)
def definitions(services: Use) -> DefinitionList:
    """All of the project, and how far the past of each is computed."""
    settings = _settings(services).sessions
    return DefinitionList(tuple(read_listed(_place(services), services.project, settings)))


@put("/definitions/{name:str}", summary="Add a session definition", responses=PROBLEMS)
async def define(services: Use, name: FromPath[str], data: JSONBody[NewDefinition]) -> Listed:
    """It is computed over all history beside the others; `GET /definitions` says how far it is."""

    def added(metadata: Metadata, settings: Settings) -> Listed:
        options = {"kind": "gap", **data.options}
        redefine.define(metadata, settings.sessions, services.project, name, options)
        found = redefine.listed(metadata, settings.sessions, services.project)
        return next(one for one in found if one.name == name)

    return await asyncio.to_thread(_with_metadata, services, added)


@post(
    "/definitions/{name:str}/switch",
    summary="Switch to a session definition",
    status_code=204,
    responses=PROBLEMS,
)
async def switch(services: Use, name: FromPath[str]) -> None:
    """`events.session_id` and the view `sessions` follow it, within a second or two."""
    await asyncio.to_thread(
        _with_metadata,
        services,
        lambda metadata, settings: redefine.switch(
            metadata, settings.sessions, services.project, name
        ),
    )


@delete("/definitions/{name:str}", summary="Drop a session definition", responses=PROBLEMS)
async def drop(services: Use, name: FromPath[str]) -> None:
    """One that was added: its view goes, its rows stay in the lake."""
    await asyncio.to_thread(
        _with_metadata,
        services,
        lambda metadata, _: redefine.drop(metadata, services.project, name),
    )


@get("/diff", summary="What another definition changes", responses=PROBLEMS)
async def diff(
    services: Use,
    request: AnyRequest,
    a: FromQuery[str],
    b: FromQuery[str],
    samples: FromQuery[int] = 5,
) -> Difference:
    """The numbers of both over all history, bots left out, and visitors whose sessions differ."""
    return await while_asked(request.receive, _compared(services, a, b, samples))


async def _compared(services: Services, a: str, b: str, samples: int) -> Difference:
    """Tries again for a while: the newest cut learns of a switch a second or two after it."""
    left = TRIES
    while True:
        found = await asyncio.to_thread(services.read_definitions)
        names = {one.name: one.view for one in found}
        comparing = redefine.comparing(names, a, b, samples)
        question = next(comparing)  # raises `Invalid` of what was asked
        try:
            return await _driven(services.sql, comparing, question)
        except Invalid:  # the statements are ours: a view that they name is not there yet
            left -= 1
            if not left:
                raise
        await pause()


async def pause() -> None:
    """Until a newer cut may be there; a function, for tests that publish one meanwhile."""
    await asyncio.sleep(TRY_SECONDS)


async def _driven(sql: SqlRunner, comparing: Comparing, question: Question) -> Difference:
    try:
        while True:
            answer = await sql.run(question.sql, question.values, rows_max=redefine.SAMPLES_MAX)
            question = comparing.send(msgspec.json.decode(answer.body, type=list[list[Any]]))
    except StopIteration as end:
        found: Difference = end.value
        return found


def _with_metadata(services: Services, change: Any) -> Any:
    from footfall.metadata import Metadata  # SQLAlchemy, for the few who change something

    settings = _settings(services)
    metadata = Metadata.open(services.home, settings=settings.metadata)
    with contextlib.closing(metadata):
        return change(metadata, settings)


def _place(services: Services) -> MetadataPlace:
    return services.metadata or MetadataPlace.of(services.home)


def _settings(services: Services) -> Settings:
    return services.settings or load_settings(services.home.settings_file)


DEFINING: Final[Sequence[Any]] = (definitions, define, switch, drop, diff)
"""The routes."""
