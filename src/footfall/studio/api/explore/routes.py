"""Routes of the explore models."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from litestar import MediaType, Response, Router, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from footfall.explore.answer import (
    AttributionAnswer,
    CompareAnswer,
    EventsAnswer,
    FunnelAnswer,
    LifecycleAnswer,
    Members,
    PathAnswer,
    RetentionAnswer,
)
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.common import Common
from footfall.studio.api.explore.answers import answer_of, members_of, newest_cut
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

CELL_LENGTH_MAX: Final = 20_000
Key = Annotated[str, msgspec.Meta(max_length=CELL_LENGTH_MAX)]


class EventsOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/events/members`."""

    question: EventsQuestion
    cell: Key
    """Of a row of the answer."""
    after: str | None = None
    """`next` of the page before."""
    limit: int | None = None


class FunnelOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/funnel/members`."""

    question: FunnelQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


class RetentionOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/retention/members`."""

    question: RetentionQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


class PathOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/path/members`."""

    question: PathQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


class LifecycleOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/lifecycle/members`."""

    question: LifecycleQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


class AttributionOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/attribution/members`."""

    question: AttributionQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


class CompareOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/compare/members`."""

    question: CompareQuestion
    cell: Key
    after: str | None = None
    limit: int | None = None


Opened = (
    EventsOpened
    | FunnelOpened
    | RetentionOpened
    | PathOpened
    | LifecycleOpened
    | AttributionOpened
    | CompareOpened
)


def _answers(kind: type[object]) -> ResponseSpec:
    return ResponseSpec(kind, generate_examples=False, description="Rows, each with its cell.")


@post(
    "/events",
    summary="How often something happens",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(EventsAnswer)},
)
async def events(
    services: Use, request: AnyRequest, data: JSONBody[EventsQuestion]
) -> Response[bytes]:
    """Events, visitors, users, sessions or values of a field, over time and by group.

    It ends with the asker's connection. The same question of the same cut is answered from memory.
    """
    return await _answered(services, request, data)


@post(
    "/funnel",
    summary="How many get from step to step",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(FunnelAnswer)},
)
async def funnel(
    services: Use, request: AnyRequest, data: JSONBody[FunnelQuestion]
) -> Response[bytes]:
    """Counts, shares and drop-offs of each step, and how long it took to get through."""
    return await _answered(services, request, data)


@post(
    "/retention",
    summary="Who comes back",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(RetentionAnswer)},
)
async def retention(
    services: Use, request: AnyRequest, data: JSONBody[RetentionQuestion]
) -> Response[bytes]:
    """Cohorts, and how many of each came back in which period."""
    return await _answered(services, request, data)


@post(
    "/path",
    summary="Where people go next",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(PathAnswer)},
)
async def path(services: Use, request: AnyRequest, data: JSONBody[PathQuestion]) -> Response[bytes]:
    """Nodes of each step, and how many went from one to another, or no further."""
    return await _answered(services, request, data)


@post(
    "/lifecycle",
    summary="Who is new, came again, came back, stays away",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(LifecycleAnswer)},
)
async def lifecycle(
    services: Use, request: AnyRequest, data: JSONBody[LifecycleQuestion]
) -> Response[bytes]:
    """Counts of each state in each day, week or month, and how many days the active were there."""
    return await _answered(services, request, data)


@post(
    "/attribution",
    summary="What led to a goal",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(AttributionAnswer)},
)
async def attribution(
    services: Use, request: AnyRequest, data: JSONBody[AttributionQuestion]
) -> Response[bytes]:
    """Credit of each touch point for the conversions that followed it."""
    return await _answered(services, request, data)


@post(
    "/compare",
    summary="Which variant does better",
    status_code=200,
    responses={**PROBLEMS, 200: _answers(CompareAnswer)},
)
async def compare(
    services: Use, request: AnyRequest, data: JSONBody[CompareQuestion]
) -> Response[bytes]:
    """Rates of each variant, whether their difference is known, and whether the split is right."""
    return await _answered(services, request, data)


@post("/events/members", summary="Who a number counted", status_code=200, responses=PROBLEMS)
async def events_members(
    services: Use, request: AnyRequest, data: JSONBody[EventsOpened]
) -> Members:
    """Exactly the visitors, users, sessions, events or values of one number, page by page."""
    return await _opened(services, request, data)


@post("/funnel/members", summary="Who got that far", status_code=200, responses=PROBLEMS)
async def funnel_members(
    services: Use, request: AnyRequest, data: JSONBody[FunnelOpened]
) -> Members:
    """Exactly those who reached a step, went no further, or took so long."""
    return await _opened(services, request, data)


@post("/retention/members", summary="Who came back", status_code=200, responses=PROBLEMS)
async def retention_members(
    services: Use, request: AnyRequest, data: JSONBody[RetentionOpened]
) -> Members:
    """Exactly those of a cohort, or of them who came back in a period."""
    return await _opened(services, request, data)


@post("/path/members", summary="Who went that way", status_code=200, responses=PROBLEMS)
async def path_members(services: Use, request: AnyRequest, data: JSONBody[PathOpened]) -> Members:
    """Exactly those who were at a node at a step, went on to another, or ended there."""
    return await _opened(services, request, data)


@post("/lifecycle/members", summary="Who is in a state", status_code=200, responses=PROBLEMS)
async def lifecycle_members(
    services: Use, request: AnyRequest, data: JSONBody[LifecycleOpened]
) -> Members:
    """Exactly those who were new, retained, returning or dormant in a unit."""
    return await _opened(services, request, data)


@post("/attribution/members", summary="What was credited", status_code=200, responses=PROBLEMS)
async def attribution_members(
    services: Use, request: AnyRequest, data: JSONBody[AttributionOpened]
) -> Members:
    """Exactly the conversions that a touch point had a part in, with its credit."""
    return await _opened(services, request, data)


@post("/compare/members", summary="Who got a variant", status_code=200, responses=PROBLEMS)
async def compare_members(
    services: Use, request: AnyRequest, data: JSONBody[CompareOpened]
) -> Members:
    """Exactly those who got a variant, or of them those who reached the goal."""
    return await _opened(services, request, data)


async def _answered(services: Services, request: AnyRequest, question: Common) -> Response[bytes]:
    cut = await asyncio.to_thread(newest_cut, services.home, services.project)
    work = answer_of(question, services.sql, services.clock, services.answers, cut)
    body = await while_asked(request.receive, work)
    return Response(body, media_type=MediaType.JSON)


async def _opened(
    services: Services,
    request: AnyRequest,
    data: Opened,
) -> Members:
    work = members_of(
        data.question, services.sql, services.clock, data.cell, data.after, data.limit
    )
    return await while_asked(request.receive, work)


def router() -> Router:
    """Everything under `/api/explore`."""
    return Router(
        "/api/explore",
        route_handlers=[
            events,
            funnel,
            retention,
            events_members,
            funnel_members,
            retention_members,
            path,
            path_members,
            lifecycle,
            lifecycle_members,
            attribution,
            attribution_members,
            compare,
            compare_members,
        ],
        tags=["explore"],
    )
