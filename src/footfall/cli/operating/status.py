"""`footfall status`: is everything running, how far is it, do the ledgers add up?"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec
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
from footfall.cli.operating.maintain import waiting_line
from footfall.cli.operating.places import place_lines
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.clock import DAY, SECOND, SystemClock, time_text
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.machine.disk import DiskMeter, DiskStatus

if TYPE_CHECKING:
    from footfall.explore.journeys.maker import IndexReport
    from footfall.studio import Status


def status(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show whether everything runs, and how far it is.

    Parts, rates, lag, disk and the two ledgers; exits with 1 if one does not add up.
    """
    from footfall.log import LogSource
    from footfall.studio import read_status

    place = open_project(home, project)
    clock, settings = SystemClock(), settings_for(place)
    found = read_status(
        place,
        project,
        clock,
        LogSource.of(place, project, settings.log).reader,
        DiskMeter(place, project, settings, clock, interval=SECOND),
        metadata_place(place),
    )
    if as_json:
        print_json(found)
    else:
        lines = [*_retention_lines(place, project), *place_lines(place, settings)]
        for line in _lines(found, lines):
            typer.echo(line)
    if found.ledger_problems:
        raise typer.Exit(EXIT_FAILED)


def _lines(found: Status, retention: list[str]) -> list[str]:
    lines = [
        f"{part.name:<10} {part.state.replace('_', ' ')}"
        + (f"  {part.url}" if part.url and part.state == "running" else "")
        for part in found.parts
    ]
    if found.log is not None:
        kept = found.log.end_offset - found.log.start_offset
        lines.append(f"log        {found.log.end_offset:,} requests, {kept:,} kept")
    if found.lag_by_partition:
        behind = ", ".join(f"{lag:,}" for lag in found.lag_by_partition)
        lines.append(f"           requests behind, by partition: {behind}")
    if found.pipeline is None:
        lines.append("pipeline   has not published anything yet; start it with: footfall serve")
    else:
        lines.append(
            f"pipeline   epoch {found.pipeline.epoch}, {found.lag_requests or 0:,} requests behind,"
            f" {found.events_per_second or 0:,.1f} events/s, watermark"
            f" {time_text(found.pipeline.watermark)}, seen {found.pipeline.age_ms / 1000:.1f} s ago"
        )
    lines += [f"consumer   {one}" for one in found.consumers]
    lines += [f"delivery   {one}" for one in found.deliveries]
    if found.disk is not None:
        lines += _disk_lines(found.disk)
    if found.maintenance is not None:
        lines.append(
            f"upkeep     {time_text(found.maintenance.ended_at)}, {found.maintenance.rewrites:,}"
            f" rewrites, {found.maintenance.files_removed:,} files removed,"
            f" {found.maintenance.files_waiting:,} wait"
        )
    if found.index is not None:
        lines.append(_index_line(found.index))
    lines += retention
    lines += ledger_lines(found.ledger)
    lines += [f"problem    {problem}" for problem in (*found.ledger_problems, *found.problems)]
    return lines


def _index_line(index: IndexReport) -> str:
    if index.outcome == "few":
        return f"index      none: {index.events:,} events are few (index.events_min)"
    if index.outcome in ("failed", "large"):
        return "index      none is made; see below"
    return (
        f"index      {index.events:,} events, {_size(index.bytes)}, of cut {index.cut_sequence}"
        f" {time_text(index.cut_published_at)}; last work took {index.seconds:,.1f} s"
    )


def _retention_lines(home: Home, project: str) -> list[str]:
    """What the lake may keep; the oldest day, and what waits, that the last maintenance left."""
    from footfall.pipeline import MaintenanceReport

    lake = settings_for(home).lake
    file = home.maintenance_dir(project) / "report.json"
    report = None
    if file.exists():
        with contextlib.suppress(msgspec.DecodeError):  # the status says that
            report = msgspec.json.decode(file.read_bytes(), type=MaintenanceReport)
    oldest = None if report is None else report.oldest_day
    age = "for ever" if lake.keep_age is None else f"{lake.keep_age / DAY:,.1f} days"
    size = "any size" if lake.bytes_max is None else f"at most {_size(lake.bytes_max)}"
    kept = f"kept       {age}, {size}; oldest day {oldest or 'not known yet'}"
    return [kept] if report is None else [kept, waiting_line(report)]


def _disk_lines(disk: DiskStatus) -> list[str]:
    parts = ("log", "tail", "lake", "state", "metadata")
    taken = ", ".join(f"{name} {_size(getattr(disk, f'{name}_bytes'))}" for name in parts)
    if disk.growth_bytes_per_day is None:
        growth = "growth not known yet"
    else:
        growth = f"{_size(disk.growth_bytes_per_day)} a day"
        if disk.days_until_full is not None:
            growth += f", full in {disk.days_until_full:,.1f} days"
    return [
        f"disk       {_size(disk.free_bytes)} of {_size(disk.total_bytes)} free, {growth}",
        f"           {taken}",
        *(f"alarm      {alarm}" for alarm in disk.alarms),
    ]


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"


def ledger_lines(ledger: Ledger) -> list[str]:
    """Both sums, as people check them."""
    dropped = "".join(f" + {count:,} {reason}" for reason, count in ledger.dropped.items())
    ignored = "".join(f" + {count:,} {reason}" for reason, count in ledger.ignored.items())
    verdict = "adds up" if not ledger.problems() else "DOES NOT ADD UP"
    requests = f"{ledger.decoded:,} decoded + {ledger.undecodable:,} undecodable"
    records = f"{ledger.events:,} events + {ledger.failed:,} failed"
    records += f" + {ledger.duplicates:,} duplicates{dropped}{ignored}"
    unused = ", ".join(f"{count:,} {reason}" for reason, count in ledger.unused.items())
    return [
        f"requests   {ledger.requests:,} = {requests}",
        f"records    {ledger.records:,} = {records}",
        *([f"fields     {unused}: not used, kept in properties"] if unused else []),
        f"ledgers    {verdict}",
    ]
