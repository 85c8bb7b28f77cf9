"""`footfall crawl`: files of a folder or bucket as tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    SetOption,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.terminal.verbs import group
from footfall.clock import time_text
from footfall.errors import FootfallError, Invalid

app = group("Files of a folder or bucket as tables.")
_FAULTS_SHOWN = 20


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Of the crawl, and of its table if it has just one.")],
    place: Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")],
    every: Annotated[
        str, typer.Option(help="How often it runs by itself, as 1h; 0 is on demand only.")
    ] = "1h",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006 (Typer reads it, nobody changes it)
) -> None:
    """Make tables of a place's files.

    JSON (lines, documents one after the other, lists), CSV and Parquet, also with gzip or zstd.
    Each first-level folder is a table; folders below are its partitions. Files are read where they
    lie.
    """
    crawling = _crawling(home, project, overrides)
    crawl = crawling.add(name, place, _every(every))
    _tell(crawling.run(crawl.name), as_json=as_json)


@app.command("run")
def run(
    name: Annotated[str | None, typer.Argument(help="Of the crawl.")] = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006 (Typer reads it, nobody changes it)
) -> None:
    """Take in what changed.

    Without a name, of all crawls whose time has come; what fails is noted with its crawl.
    """
    crawling = _crawling(home, project, overrides)
    if name is not None:
        _tell(crawling.run(name.lower()), as_json=as_json)
        return
    for each in crawling.due():
        try:
            crawling.run(each)
        except FootfallError as error:
            typer.echo(f"footfall: crawl {each}: {error}", err=True)


@app.command("schedule")
def schedule(
    name: Annotated[str, typer.Argument(help="Of the crawl.")],
    every: Annotated[str, typer.Argument(help="As 1h or 15m; 0 is on demand only.")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Say how often it runs by itself."""
    crawl = _crawling(home, project, []).schedule(name.lower(), _every(every))
    often = f"every {_duration(crawl.every_us)}" if crawl.every_us else "on demand"
    typer.echo(f"{crawl.name}: {often}")


@app.command("list")
def show(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List the crawls."""
    crawls = list(_crawling(home, project, []).catalog.crawls().values())
    if as_json:
        print_json(crawls)
        return
    if not crawls:
        typer.echo("no crawls yet; footfall crawl add makes one")
    for crawl in crawls:
        report = crawl.report
        tables = "" if report is None else ", ".join(table.name for table in report.tables)
        often = f"every {_duration(crawl.every_us)}" if crawl.every_us else "on demand"
        typer.echo(f"{crawl.name}  {crawl.place}  {often}, last {_moment(crawl.tried_at)}")
        if report is not None:
            typer.echo(f"  {report.files:,} files; tables: {tables or 'none'}")
            if report.faults_count:
                typer.echo(f"  {report.faults_count:,} faults at the last run")
        if crawl.problem:
            typer.echo(f"  failed: {crawl.problem}")


@app.command("report")
def report(
    name: Annotated[str, typer.Argument(help="Of the crawl.")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Say what the last run found, and what runs before changed."""
    crawling = _crawling(home, project, [])
    crawl = crawling.crawl(name.lower())
    if crawl.report is None:
        typer.echo(f"it did not run yet{f', it failed: {crawl.problem}' if crawl.problem else ''}")
        return
    if as_json:
        print_json(crawl)
        return
    _tell(crawl.report, as_json=False)
    tables = crawling.catalog.tables().values()
    faults = [fault for table in tables if table.crawl == crawl.name for fault in table.faults]
    if faults and not crawl.report.faults_count:
        typer.echo("from runs before:")
        _tell_faults(faults, len(faults))
    for one in crawl.history:
        if one.started_at != crawl.report.started_at:
            typer.echo(f"changed at {_moment(one.started_at)}:")
            for line in told(one):
                typer.echo(f"  {line}")


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Of the crawl.")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Forget a crawl; its files stay."""
    names = _crawling(home, project, []).remove(name.lower())
    typer.echo(f"removed, with {_count(len(names), 'table')}: {', '.join(names) or 'none'}")


def _every(text: str) -> int:
    """Microseconds. Raises `Invalid` for what is no duration."""
    from footfall.settings import parse_duration

    try:
        return 0 if text == "0" else parse_duration(text)
    except ValueError as error:
        raise Invalid(f"not how often a crawl can run: {error}") from None


def _crawling(home: Any, project: str, overrides: list[str]) -> Any:
    from footfall.catalog.crawls.crawling import Crawling
    from footfall.clock import SystemClock

    place = open_project(home, project)
    return Crawling(
        place, project, settings_for(place, overrides), lambda: open_metadata(place), SystemClock()
    )


def _tell(report: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for line in told(report):
        typer.echo(line)


def told(report: Any) -> list[str]:
    """A report in lines."""
    size, seconds = report.bytes_read / 1e6, report.took_us / 1e6
    read = f"{report.files_read:,} of them read ({size:,.1f} MB in {seconds:.1f} s)"
    lines = [f"{_count(report.files, 'file')}, {read}"]
    for table in report.tables:
        is_new = "new table" if table.is_new else "table"
        lines.append(
            f"{is_new} {table.name}: {_count(table.rows, 'row')} in {_count(table.files, 'file')},"
            f" {table.files_new:,} new or changed, {table.files_gone:,} gone"
        )
        if table.partitions_new:
            shown = ", ".join(table.partitions_new[:3])
            more = ", …" if len(table.partitions_new) > 3 else ""
            lines.append(f"  {_count(len(table.partitions_new), 'new partition')}: {shown}{more}")
    for one in report.columns:
        kind = one.type or "nothing but nulls so far"
        if not one.was:
            lines.append(f"  new column {one.table}.{one.column}: {kind}, first in {one.file}")
        elif one.is_conflict:
            lines.append(
                f"  {one.table}.{one.column} is text now: {one.was} and something else met, in"
                f" {one.file}"
            )
        else:
            lines.append(f"  {one.table}.{one.column}: {one.was} became {kind}, by {one.file}")
    lines += [f"  {note}" for note in report.notes]
    return lines + _faults(report.faults, report.faults_count)


def _faults(faults: Any, count: int) -> list[str]:
    if not count:
        return []
    lines = [f"{_count(count, 'fault')} in files; the rest of them is read:"]
    for fault in faults[:_FAULTS_SHOWN]:
        where = f"{fault.file}, line {fault.line}" if fault.line else fault.file
        lines.append(f"  {where}: {fault.reason}")
    if count > _FAULTS_SHOWN:
        lines.append(f"  … and {count - _FAULTS_SHOWN:,} more; --json has the first 200")
    return lines


def _tell_faults(faults: Any, count: int) -> None:
    for line in _faults(faults, count):
        typer.echo(line)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _duration(us: int) -> str:
    seconds = us // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _moment(us: int) -> str:
    return time_text(us) if us else "never"
