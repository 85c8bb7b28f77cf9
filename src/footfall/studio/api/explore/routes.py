"""Routes of the explore models: two for each model, made from what is known of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Response, Router, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from footfall.errors import Invalid
from footfall.explore.answer import Members
from footfall.explore.kinds import KINDS, ModelKind
from footfall.studio.api.explore.answers import answer_of, members_of, newest_cut
from footfall.studio.api.explore.running import RunningQuestion
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use

CELL_LENGTH_MAX: Final = 20_000
NAME_LENGTH_MAX: Final = 64
_BODY: Final[Any] = JSONBody
"""Types that are made while this runs are none that a checker knows."""
Key = Annotated[str, msgspec.Meta(max_length=CELL_LENGTH_MAX)]


class RunningQuestions(msgspec.Struct, frozen=True):
    """Answer of `GET /api/explore/running`."""

    running: tuple[RunningQuestion, ...]
    """Oldest first."""


def _opened_type(kind: ModelKind) -> type[Any]:
    """Body of `POST /api/explore/{model}/members`: a question, a cell, and from where on."""
    return msgspec.defstruct(
        kind.question.__name__.replace("Question", "Opened"),
        [
            ("question", kind.question),
            ("cell", Key),  # of a row of the answer
            ("after", str | None, None),  # `next` of the page before
            ("limit", int | None, None),
        ],
        frozen=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


def _ask(kind: ModelKind) -> HTTPRouteHandler:
    """The route that answers a model's questions."""

    async def ask(
        services: Use, request: AnyRequest, data: Any, running: FromQuery[str] = ""
    ) -> Response[bytes]:
        name = _name(running)
        cut = await asyncio.to_thread(newest_cut, services.home, services.project)
        given = services.sql, services.clock, services.answers, cut
        work = answer_of(data, *given, services.segments, services.index)
        counted = services.running.run(name, kind.name, services.clock, work)
        body = await while_asked(request.receive, counted)
        return Response(body, media_type=MediaType.JSON)

    ask.__name__ = kind.name
    ask.__annotations__["data"] = _BODY[kind.question]
    ask.__doc__ = (
        f"{kind.tells}\n\nIt ends with the asker's connection, or by `DELETE"
        " /api/explore/running/{name}` with the name that `running` gave it. The same question of"
        " the same cut is answered from memory."
    )
    answers = ResponseSpec(kind.answer, generate_examples=False, description="Rows with cells.")
    return post(
        f"/{kind.name}", summary=kind.asks, status_code=200, responses={**PROBLEMS, 200: answers}
    )(ask)


def _open(kind: ModelKind) -> HTTPRouteHandler:
    """The route that says who is behind a number of a model's answer."""

    async def members(services: Use, request: AnyRequest, data: Any) -> Members:
        asked = data.question, services.sql, services.clock, data.cell, data.after, data.limit
        work = members_of(*asked, services.segments, services.index)
        counted = services.running.run("", f"{kind.name} members", services.clock, work)
        return await while_asked(request.receive, counted)

    members.__name__ = f"{kind.name}_members"
    members.__annotations__["data"] = _BODY[_opened_type(kind)]
    members.__doc__ = f"{kind.opens} Page by page."
    return post(
        f"/{kind.name}/members",
        summary=f"{kind.asks}: who was counted",
        status_code=200,
        responses=PROBLEMS,
    )(members)


def _name(text: str) -> str:
    is_plain = len(text) <= NAME_LENGTH_MAX and text.replace("-", "").isalnum() and text.isascii()
    if text and not is_plain:
        raise Invalid(f"running: up to {NAME_LENGTH_MAX} letters, digits and -")
    return text


@get("/running", summary="Questions that have no answer yet", responses=PROBLEMS)
async def listed(services: Use) -> RunningQuestions:
    """Those of everybody who asks this studio, oldest first."""
    return RunningQuestions(services.running.list())


@delete("/running/{name:str}", summary="End a question", responses=PROBLEMS)
async def end(services: Use, name: FromPath[str]) -> None:
    """Its work has ended when this answers; whoever asked it is told that it was ended."""
    await services.running.end(name)


def router() -> Router:
    """Everything under `/api/explore`."""
    models = [make(kind) for kind in KINDS.values() for make in (_ask, _open)]
    return Router("/api/explore", route_handlers=[*models, listed, end], tags=["explore"])
