"""`footfall segment`: named groups of visitors or users."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Generator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    metadata_place,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.terminal.verbs import group
from footfall.clock import SystemClock
from footfall.errors import FootfallError, Invalid

if TYPE_CHECKING:
    from footfall.explore.segments.storage import Segments
    from footfall.query import QueryPool

app = group("Name groups of visitors, and see who is in them.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the segment.")]
TitleOption = Annotated[str | None, typer.Option("--title", help="What people call it.")]
EveryOption = Annotated[
    str | None, typer.Option("--every", help="Note its size each hour, day or week, or off.")
]
AtOption = Annotated[
    str | None, typer.Option("--at", help="As of this moment, ISO 8601; now without it.")
]
UnitOption = Annotated[str, typer.Option("--unit", help="visitor or user.")]
AppOption = Annotated[str, typer.Option("--app", help="One app; all without it.")]


class ExportFormat(StrEnum):
    """How ids are written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


ZONE = typer.Option("--zone", help="IANA time zone of its days.")


@app.command("define")
def define(
    name: NameArgument,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="JSON, a file of it, or - for standard input.")
    ],
    title: TitleOption = None,
    every: EveryOption = None,
    unit: UnitOption = "",
    app_id: AppOption = "",
    zone: Annotated[str, ZONE] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Make or change a segment by a rule.

    Example: footfall segment define loyal '{"did": "purchase"}' --every week.
    """
    from footfall.explore.segments.access import segment_of
    from footfall.explore.segments.acting import defining
    from footfall.explore.segments.words import sentence

    options = {"unit": unit, "app": app_id, "zone": zone}
    given = segment_of(_text(rule), {key: value for key, value in options.items() if value})
    store, now = _store(home, project), SystemClock().now_us()
    options_kept: Any = {"title": title, "every": every}
    found = _run(home, project, lambda: defining(store, name, given, now, **options_kept))
    for note in found.notes:
        typer.echo(f"footfall: {note}", err=True)
    kept = found.segment
    typer.echo(f"{kept.name}, version {kept.version}: {sentence(kept.definition)}")


@app.command("list")
def list_all(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show which segments there are."""
    from footfall.explore.segments.words import sentence

    store = _store(home, project)
    found, sizes = store.list(), store.last_sizes(1)
    if as_json:
        print_json(found)
        return
    for one in found:
        size = f" ({sizes[one.name][-1].size:,})" if one.name in sizes else ""
        problem = f"; {one.problem}" if one.problem else ""
        typer.echo(f"{one.name}{size}: {sentence(one.definition, one.listed)}{problem}")
    if not found:
        typer.echo("no segments yet; make one with: footfall segment define NAME RULE", err=True)


@app.command("show")
def show(
    name: NameArgument,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Print a segment with its versions and sizes as JSON."""
    store = _store(home, project)
    print_json({"versions": store.versions(name), "sizes": store.sizes(name)})


@app.command("members")
def members(
    name: NameArgument,
    at: AtOption = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List who is in a segment, an id a line."""
    from footfall.explore.segments.access import moment
    from footfall.explore.segments.asking import listing

    store, now = _store(home, project), moment(at, SystemClock().now_us())
    found = _run(home, project, lambda: listing(name, now, store))
    if as_json:
        print_json(found)
        return
    for one in found.members:
        typer.echo(one.id)


@app.command("export")
def export(
    name: NameArgument,
    chosen: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="Default: by the suffix of --output, else csv."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.")
    ] = None,
    at: AtOption = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Write all ids of a segment as a file.

    Example: footfall segment export loyal -o loyal.parquet.
    """
    from footfall.cli.asking.sql import refuse_terminal, write_body
    from footfall.explore.running import run_on
    from footfall.explore.segments.access import moment
    from footfall.explore.segments.asking import exporting
    from footfall.explore.segments.definition import EXPORT_ROWS_MAX

    form = _export_format(chosen, output)
    if form is ExportFormat.PARQUET and output is None:
        refuse_terminal(form)
    store, now = _store(home, project), moment(at, SystemClock().now_us())

    async def work(pool: QueryPool) -> Any:
        asked = await run_on(pool, lambda: exporting(name, now, store))
        return await pool.run(asked.sql, asked.values, format=form.value, rows_max=EXPORT_ROWS_MAX)

    answer = _with_pool(home, project, work)
    if answer.is_cut_off:
        raise Invalid("the segment is too large for one file; raise query.answer_bytes_max")
    write_body(answer.body, output)


@app.command("refresh")
def refresh(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of them; else all due.")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Note how large segments are now."""
    from footfall.explore.segments.acting import refreshing
    from footfall.explore.segments.schedule import due

    store, clock = _store(home, project), SystemClock()
    failed: list[str] = []
    for one in [store.get(name)] if name else due(store, clock.now_us()):
        now = clock.now_us()
        try:
            size = _run(home, project, partial(refreshing, store, one.name, now))
        except FootfallError as error:
            store.note_problem(one.name, now, str(error))
            failed.append(f"{one.name}: {error}")
            continue
        typer.echo(f"{one.name}: {size.size:,} of {size.total:,}")
    if failed:
        raise Invalid(f"some could not be refreshed: {'; '.join(failed)}")


@app.command("overlap")
def overlap(
    first: NameArgument,
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")],
    third: Annotated[str, typer.Argument(metavar="THIRD", help="And perhaps a third.")] = "",
    at: AtOption = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show how many are in which of them."""
    from footfall.explore.segments.access import moment
    from footfall.explore.segments.asking import overlapping

    store, now = _store(home, project), moment(at, SystemClock().now_us())
    names = [name for name in (first, second, third) if name]
    found = _run(home, project, lambda: overlapping(names, now, store))
    if as_json:
        print_json(found)
        return
    for region in found.regions:
        parts = zip(found.names, region.inside, strict=True)
        said = " and ".join(name if is_in else f"not {name}" for name, is_in in parts)
        typer.echo(f"{region.count:>12,}  {said}")


@app.command("drop")
def drop(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Remove a segment with its history."""
    _store(home, project).drop(name)


@app.command("import")
def import_list(
    name: NameArgument,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An id a line; - standard input.")],
    unit: UnitOption = "visitor",
    app_id: AppOption = "",
    title: TitleOption = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Make a segment of a list of ids, at most 100,000."""
    from footfall.explore.segments.acting import importing

    if unit not in ("visitor", "user"):
        raise Invalid(f"--unit is visitor or user: {unit!r}")
    lines = _text(file, is_file=True).splitlines()
    made_of = "standard input" if file == "-" else Path(file).name
    kind: Any = unit
    found = importing(
        _store(home, project), name, lines, unit=kind, app=app_id, title=title, made_of=made_of
    )
    kept = found.segment
    typer.echo(f"{kept.name}, version {kept.version}: {kept.listed:,} {unit}s")


def _store(home: Path, project: str) -> Segments:
    from footfall.explore.segments.storage import Segments

    place = open_project(home, project)
    return Segments(metadata_place(place), project, SystemClock())


def _text(given: str, *, is_file: bool = False) -> str:
    """What was written, or what is in the file that was named."""
    if given == "-":
        return sys.stdin.read()
    if not is_file and given.lstrip()[:1] in ("{", "["):
        return given
    try:
        return Path(given).read_text("utf-8")
    except (OSError, ValueError) as error:
        what = "the file cannot be read" if is_file else "neither JSON nor a file of it"
        raise Invalid(f"{what}: {error}") from error


def _export_format(chosen: ExportFormat | None, output: Path | None) -> ExportFormat:
    if chosen is not None:
        return chosen
    suffix = "csv" if output is None else output.suffix.removeprefix(".").lower()
    if suffix not in list(ExportFormat):
        names = ", ".join(f".{one}" for one in ExportFormat)
        raise Invalid(f"no format .{suffix}; there are: {names}; or say which with --format")
    return ExportFormat(suffix)


def _run(home: Path, project: str, start: Callable[[], Generator[Any, Any, Any]]) -> Any:
    """What a generator makes of what a worker of its own found, as `footfall sql` has one."""
    from footfall.explore.running import run_on

    return _with_pool(home, project, lambda pool: run_on(pool, start))


def _with_pool(
    home: Path, project: str, work: Callable[[QueryPool], Coroutine[Any, Any, Any]]
) -> Any:
    import asyncio

    from footfall.lake.location import check_location
    from footfall.lake.store.options import bucket_of
    from footfall.query import QueryPool

    place = open_project(home, project)
    check_location(place.lake_dir)
    settings = settings_for(place)
    pool = QueryPool(place, project, settings.query, bucket_of(settings.lake))

    async def run() -> Any:
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())
