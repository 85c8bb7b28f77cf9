"""Routes of the Alerts page."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, JSONBody

from footfall.alerts.desk import AlertDesk, ChannelView, History, RuleView
from footfall.alerts.rules.backtest import BackTest, run_on
from footfall.alerts.rules.statements import Statement
from footfall.errors import Invalid, Unavailable
from footfall.metadata.alerts.reads import HISTORY_MAX
from footfall.settings import RuleSettings
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Options = dict[str, str | int | float | bool | list[str] | None]
"""As in `[alerts.rules.NAME]`; what is null is left out."""
_TEST: Final = ResponseSpec(BackTest, generate_examples=False, description="When it would fire.")


class RulePut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/alerts/rules`."""

    name: Name
    options: Options


class ChannelPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/alerts/channels`."""

    name: Name
    options: Options


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of what changes some options of one rule or channel; the others stay."""

    name: Name
    options: Options
    """What is null is as if it had never been said."""


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of what is done to one rule or channel."""

    name: Name


class Muting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/alerts/rules/mute`."""

    name: Name
    duration: Annotated[str, msgspec.Meta(max_length=20)]
    """Such as 2h; 0s ends it."""


class Acknowledging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/alerts/history/acknowledge`."""

    delivery_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=HISTORY_MAX)]
    by: Annotated[str, msgspec.Meta(max_length=100)] = "studio"


class Testing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/alerts/test`: a rule that is there, or the options of one to be."""

    name: Name
    over: Annotated[str, msgspec.Meta(max_length=20)] = "7d"
    options: Options | None = None


class AlertBook(msgspec.Struct, frozen=True):
    """Answer of `GET /api/alerts`."""

    rules: tuple[RuleView, ...]
    channels: tuple[ChannelView, ...]
    definitions: tuple[str, ...]
    """Session definitions that rules may name."""


class AlertChange(msgspec.Struct, frozen=True):
    """Something was done."""

    count: int = 1
    until: int = 0
    """Of muting: until when, microseconds since 1970 UTC."""


class ChannelTest(msgspec.Struct, frozen=True):
    """Whether a made-up firing was taken."""

    taken: bool
    problem: str
    """Why not."""


@get("/", summary="Rules and channels", responses=PROBLEMS)
async def book(services: Use) -> AlertBook:
    """All of them, and how they get on; secrets are not among it."""
    return await asyncio.to_thread(_book, services)


@post("/rules", summary="Add or replace a rule", status_code=200, responses=PROBLEMS)
async def put_rule(services: Use, request: AnyRequest, data: JSONBody[RulePut]) -> AlertChange:
    """It counts within seconds. All mistakes are told at once, those of its SQL too."""
    read = _desk(services).read_new_rule
    rule, trial = await asyncio.to_thread(read, data.name, _given(data.options))
    return await _put(services, request, rule, trial)


@post("/rules/change", summary="Change a rule", status_code=200, responses=PROBLEMS)
async def change_rule(services: Use, request: AnyRequest, data: JSONBody[Change]) -> AlertChange:
    """Some of its options; it counts within seconds."""
    read = _desk(services).read_changed_rule
    rule, trial = await asyncio.to_thread(read, data.name, data.options)
    return await _put(services, request, rule, trial)


@post("/rules/remove", summary="Forget a rule", status_code=200, responses=PROBLEMS)
async def remove_rule(services: Use, data: JSONBody[Named]) -> AlertChange:
    """What fired stays in the history."""
    await asyncio.to_thread(_desk(services).remove_rule, data.name)
    return AlertChange()


@post("/rules/mute", summary="Mute a rule", status_code=200, responses=PROBLEMS)
async def mute(services: Use, data: JSONBody[Muting]) -> AlertChange:
    """Tell nobody of its firings for a while; the history has them."""
    until = await asyncio.to_thread(_desk(services).mute, data.name, data.duration)
    return AlertChange(1, until)


@post("/channels", summary="Add or replace a channel", status_code=200, responses=PROBLEMS)
async def put_channel(services: Use, data: JSONBody[ChannelPut]) -> AlertChange:
    """A webhook, an address of Apprise, or an installed action."""
    await asyncio.to_thread(_desk(services).put_channel, data.name, _given(data.options))
    return AlertChange()


@post("/channels/change", summary="Change a channel", status_code=200, responses=PROBLEMS)
async def change_channel(services: Use, data: JSONBody[Change]) -> AlertChange:
    """Some of its options; its secret stays, if none is given."""
    await asyncio.to_thread(_desk(services).change_channel, data.name, data.options)
    return AlertChange()


@post("/channels/remove", summary="Forget a channel", status_code=200, responses=PROBLEMS)
async def remove_channel(services: Use, data: JSONBody[Named]) -> AlertChange:
    """One that no rule names."""
    await asyncio.to_thread(_desk(services).remove_channel, data.name)
    return AlertChange()


@post("/channels/test", summary="Test a channel", status_code=200, responses=PROBLEMS)
async def test_channel(services: Use, data: JSONBody[Named]) -> ChannelTest:
    """Send a made-up firing now."""
    try:
        problem = await asyncio.to_thread(_desk(services).test_channel, data.name)
    except Unavailable as error:
        problem = str(error)
    return ChannelTest(not problem, problem)


@get("/history", summary="What fired", responses=PROBLEMS)
async def history(
    services: Use,
    rule: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
    after: FromQuery[str] = "",
) -> History:
    """Newest first; `after` is what the page before has as `next`."""
    if not 1 <= limit <= HISTORY_MAX:
        raise Invalid(f"limit is from 1 to {HISTORY_MAX}; ask for further pages with after")
    desk = _desk(services)
    return await asyncio.to_thread(desk.history, limit, rule=rule, after=after)


@post("/history/acknowledge", summary="Acknowledge", status_code=200, responses=PROBLEMS)
async def acknowledge(services: Use, data: JSONBody[Acknowledging]) -> AlertChange:
    """Note that somebody has seen firings; how many were not noted before."""
    count = await asyncio.to_thread(_desk(services).acknowledge, data.delivery_ids, data.by)
    return AlertChange(count)


@post("/history/retry", summary="Send dead notices again", status_code=200, responses=PROBLEMS)
async def retry(services: Use) -> AlertChange:
    """Those that were given up; how many."""
    return AlertChange(await asyncio.to_thread(_desk(services).revive))


@post("/test", summary="Back-test a rule", status_code=200, responses={**PROBLEMS, 200: _TEST})
async def back_test(services: Use, request: AnyRequest, data: JSONBody[Testing]) -> BackTest:
    """When it would have fired, and the measure over the time. Ends with the asker's connection."""
    desk = _desk(services)
    if data.options is None:
        rule = (await asyncio.to_thread(desk.book)).rule(data.name)
    else:
        read = desk.read_trial_rule
        rule = await asyncio.to_thread(read, data.name, _given(data.options))
    return await while_asked(request.receive, run_on(services.sql, desk.testing(rule, data.over)))


async def _put(
    services: Services, request: AnyRequest, rule: RuleSettings, trial: Statement
) -> AlertChange:
    with contextlib.suppress(Unavailable):  # nothing to read yet: it is told once there is
        await while_asked(request.receive, services.sql.run(trial.text, trial.values, rows_max=1))
    await asyncio.to_thread(_desk(services).put_rule, rule)
    return AlertChange()


def _desk(services: Services) -> AlertDesk:
    found = services.alerts
    if found is None:
        raise Unavailable("this studio has no alerts")
    return found


def _book(services: Services) -> AlertBook:
    desk = _desk(services)
    return AlertBook(tuple(desk.rules()), tuple(desk.channels()), desk.definitions)


def _given(options: Options) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def router() -> Router:
    """Everything under `/api/alerts`."""
    handlers = [
        book, put_rule, change_rule, remove_rule, mute,
        put_channel, change_channel, remove_channel, test_channel,
        history, acknowledge, retry, back_test,
    ]  # fmt: skip
    return Router("/api/alerts", route_handlers=handlers, tags=["alerts"])
