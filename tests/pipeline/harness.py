"""A pipeline in one process on real files; log, clock and failures are the test's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from footfall.clock import SECOND
from footfall.home import Home
from footfall.lake import TABLES, Lake, LakePlace
from footfall.log import LogSource
from footfall.metadata import Metadata
from footfall.pipeline._parts import open_parts
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline.consumers.consumers import Consumers
from footfall.pipeline.consumers.runner import MakeConsumer
from footfall.pipeline.poison.bounds import unbounded
from footfall.pipeline.poison.poison import Bound
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import Settings, load_settings
from footfall.testing.memory_log import MemoryLog
from footfall.testing.sim_clock import SimClock

START_US = 1_790_000_000 * SECOND


class Crash(Exception):  # noqa: N818 (read as what happens)
    """The process died here."""


class Faults:
    """Counts effects and dies before the n-th."""

    def __init__(self, die_at: int | None = None) -> None:
        self.count = 0
        self._die_at = die_at

    def effect(self) -> None:
        self.count += 1
        if self.count == self._die_at:
            raise Crash


class Faulty:
    """Passes everything on, and counts calls of the named methods, before and after each."""

    def __init__(self, inner: Any, faults: Faults, methods: Iterable[str]) -> None:
        self._inner = inner
        self._faults = faults
        self._methods = frozenset(methods)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if name not in self._methods:
            return attribute
        return self._counted(attribute)

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._faults.effect()
            result = method(*arguments, **named)
            self._faults.effect()
            return result

        return call


_running: set[Bench] = set()
"""With consumers that nobody ended."""


def stop_all_consumers() -> None:
    """End the threads that tests left behind: they would be there in every later one."""
    for bench in [*_running]:
        bench.stop_consumers()


class Bench:
    """One home, one log, one clock; pipelines come and go."""

    def __init__(self, directory: Path, *overrides: str) -> None:
        self.home = Home(directory)
        self._overrides = overrides
        self.settings: Settings = load_settings(overrides=overrides)
        self.clock = SimClock(START_US)
        self.log = MemoryLog()
        self.told: list[str] = []
        """Sentences that pipelines said."""
        self.bound: Bound = unbounded
        self.consumers: dict[str, MakeConsumer] = {}
        """Run beside the live counters by pipelines to come."""
        self._consumers: Consumers | None = None

    def append(self, requests: Iterable[Request]) -> None:
        records = [encode_request(request) for request in requests]
        if records:
            self.log.append(records)

    def pipeline(self, faults: Faults | None = None) -> Pipeline:
        """A new one, recovered, as after a start of the process: those before it lose the lease.

        Their consumers end; a real process takes the threads along.
        """
        self.stop_consumers()
        home, faults = self.home, faults or Faults()
        metadata = Metadata.open(home, self.clock, self.settings.metadata)
        if "default" not in metadata.projects():
            metadata.create_project("default")
        metadata.close()
        parts = open_parts(
            home,
            self.settings,
            "default",
            self.log,
            self.clock,
            report=self.told.append,
            source=LogSource.of(home, "default", self.settings.log),
            plugged=self.consumers,
            bound=self.bound,
        )
        self.keep(parts.consumers)
        faulty = msgspec.structs.replace(
            parts,
            lake=Faulty(parts.lake, faults, ["commit"]),
            metadata=Faulty(parts.metadata, faults, ["plan_epoch", "commit_epoch"]),
            publisher=Faulty(parts.publisher, faults, ["publish"]),
        )
        checkpoints = Faulty(Checkpoints(home.state_dir("default")), faults, ["write"])
        pipeline = Pipeline(faulty, checkpoints)
        pipeline.recover()
        return pipeline

    def keep(self, consumers: Consumers) -> None:
        """So that `stop_consumers` ends them."""
        self._consumers = consumers
        _running.add(self)

    def stop_consumers(self) -> None:
        """End the threads of the newest pipeline's consumers."""
        if self._consumers is not None:
            self._consumers.close()
        self._consumers = None
        _running.discard(self)

    def set(self, *overrides: str) -> None:
        """Let these settings hold beside the first ones, for what is started from now on."""
        self.settings = load_settings(overrides=(*self._overrides, *overrides))

    def tables(self, project: str = "default") -> dict[str, pa.Table]:
        """All rows of the lake."""
        lake = Lake(LakePlace.of(self.settings.lake, self.home.lake_dir), project)
        return {name: lake.read(name) for name in TABLES}


def request(
    number: int,
    events: list[dict[str, Any]],
    received_at: int,
    *,
    body: bytes | None = None,
    app_id: str | None = "shop",
    trusted: bool = False,
) -> Request:
    """One POST to /v1/events as the collector logs it; the number makes its id."""
    content = body if body is not None else json.dumps({"events": events}).encode()
    return Request(
        version=REQUEST_VERSION,
        request_id=uuid.UUID(int=number + (7 << 76)).bytes,
        received_at=received_at,
        protocol="footfall",
        app_id=app_id,
        credential="shop",
        trusted=trusted,
        method="POST",
        path="/v1/events",
        query="",
        headers=(("content-type", "application/json"),),
        client_ip="127.0.0.1",
        body=content,
        body_bytes=len(content),
    )


def event(visitor: str, at_us: int, number: int, **more: Any) -> dict[str, Any]:
    """One event of the wire format; its id follows from the number."""
    return {
        "event_id": str(uuid.UUID(int=number + 1)),
        "name": "page_view",
        "timestamp": at_us // 1000,
        "visitor_id": visitor,
        "page": {"url": f"https://shop.example/{number % 7}"},
        **more,
    }
