"""The parts as processes of their own: `serve` starts them; a larger installation, apart."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, cast

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    ProjectOption,
    SetOption,
    open_metadata,
    open_project,
    settings_arguments,
    settings_environ,
    settings_for,
)
from footfall.cli.operating.upgrade import upgrade_first
from footfall.cli.terminal.errors import complain
from footfall.cli.terminal.verbs import group
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.machine.process import write_ready
from footfall.settings import Settings

ParentOption = Annotated[
    int | None,
    typer.Option("--parent-fd", hidden=True, help="Stop when the other end of this pipe closes."),
]


class Runner(StrEnum):
    """What computes the epochs of a worker."""

    EMBEDDED = "embedded"
    SPARK = "spark"


RunnerOption = Annotated[
    Runner,
    typer.Option(
        "--runner", help="embedded: in this process; spark: on a Spark cluster, whose driver it is."
    ),
]


def collector(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    parent_fd: ParentOption = None,
) -> None:
    """Take events over HTTP and append them to the log."""
    from footfall import collect

    place = open_project(home, project)
    upgrade_first(place)
    collect.run(
        place,
        settings_for(place, overrides),
        project,
        parent_pipe_fd=parent_fd,
        on_ready=lambda url: write_ready(place, "collector", url),
    )


def worker(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006
    runner: RunnerOption = Runner.EMBEDDED,
    parent_fd: ParentOption = None,
) -> None:
    """Run the pipeline: log in; lake and live counters out."""
    place = open_project(home, project)
    upgrade_first(place)
    program = (sys.executable, "-m", "footfall.cli.main")
    where = ("--home", str(place.root), "--project", project, *settings_arguments(overrides))
    settings = settings_for(place, overrides)
    if parent_fd is None:  # else it was done before the tree was started
        _check_destinations(place, settings, project)
    os.environ.update(settings_environ(overrides))
    _runner(runner)(
        place,
        settings,
        project,
        parent_fd=parent_fd,
        on_ready=lambda url=None: write_ready(place, "worker", url),
        maintain_command=[*program, "maintain", "--json", *where],
        fill_command=[*program, "sessions", "fill", "--json", *where],
        more_metrics=_metrics_of(place, project),
    )


def _check_destinations(home: Home, settings: Settings, project: str) -> None:
    """Refuse those of the settings that cannot be; of what they name and is gone only tell."""
    destinations = settings.deliver.destinations
    if destinations:
        from footfall.deliver.operating.checks import Known, refuse_mistakes, sentences

        refuse_mistakes(destinations)
        with contextlib.closing(open_metadata(home)) as metadata:
            known = Known.of(home, settings, metadata, project)
        for sentence in sentences(known.mistakes(destinations)):
            complain(sentence)


def _metrics_of(home: Home, project: str) -> Callable[[], bytes]:
    """What `/metrics` has of stages above the pipeline."""

    def text() -> bytes:
        from footfall.deliver.operating.report import delivery_metrics

        return delivery_metrics(home, project, SystemClock().now_us())

    return text


def _runner(kind: Runner) -> Callable[..., None]:
    """The function that runs the pipeline until it is told to stop."""
    if kind is Runner.EMBEDDED:
        from footfall import pipeline

        return pipeline.run
    from footfall import runner as distributed

    return cast("Callable[..., None]", distributed.run)


studio_app = group(
    "Serve the pages and their API; print a link to them.", invoke_without_command=True
)


@studio_app.callback()
def studio(
    context: typer.Context,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006
    parent_fd: ParentOption = None,
) -> None:
    """Serve the pages and their API on the loopback."""
    if context.invoked_subcommand is not None:
        return
    from footfall import studio as part

    place = open_project(home, project)
    upgrade_first(place)
    part.run(
        place,
        settings_for(place, overrides),
        project,
        parent_pipe_fd=parent_fd,
        on_ready=lambda url: write_ready(place, "studio", url),
        environ={**os.environ, **settings_environ(overrides)},
    )
