"""`footfall doctor`: look at every part that can be broken, and say what to do about it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    metadata_place,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.operating.places import place_lines
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.clock import SystemClock
from footfall.errors import Corrupt, FootfallError
from footfall.home import Home
from footfall.machine.disk import full_places
from footfall.machine.private import is_lake_shared, others_access
from footfall.positions import Positions
from footfall.settings import LakeSettings

if TYPE_CHECKING:
    from footfall.log import LogSource

FREE_BYTES_MIN = 1 << 30
EPOCHS_CHECKED = 10_000
EPOCHS_BEHIND_MAX = 20
"""A consumer that is further behind does not keep up: five minutes, as delivered."""
SEGMENTS_CHECKED = 2
"""Newest segments of the log that are read without `--deep`: 128 MiB as delivered."""

State = Literal["good", "attention", "broken"]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    state: State
    message: str


DeepOption = Annotated[
    bool, typer.Option("--deep", help="Read every byte of log and lake; may take hours.")
]


def doctor(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    deep: DeepOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look for anything that is broken, and say what to do.

    Settings, disk, log, lake, ledgers and checkpoints; exits with 1 if one is broken.
    """
    place = open_project(home, project)
    found = list(checks(place, project, is_deep=deep))
    if as_json:
        print_json(found)
    else:
        marks = {"good": "ok        ", "attention": "attention ", "broken": "BROKEN    "}
        for check in found:
            typer.echo(f"{marks[check.state]}{check.name:<12} {check.message}")
    if any(check.state == "broken" for check in found):
        raise typer.Exit(EXIT_FAILED)


def checks(home: Home, project: str, *, is_deep: bool = False) -> Iterator[Check]:
    """Everything that can be looked at, one after the other."""
    yield _run("settings", lambda: _settings(home))
    yield _run("places", lambda: _places(home))
    yield _run("disk", lambda: _disk(home, project))
    yield _run("access", lambda: _access(home))
    place = metadata_place(home)
    if place.is_local and not place.file.exists():
        yield Check("home", "attention", f"nothing is installed there yet: {home.root}")
        return
    yield _run("metadata", lambda: _metadata(home, project))
    yield _run("log", lambda: _log(home, project, is_deep=is_deep))
    yield _run("lake", lambda: _lake(home, project, is_deep=is_deep))
    yield _run("cut", lambda: _cut(home, project))
    yield _run("poison", lambda: _poison(home, project))
    yield _run("consumers", lambda: _consumers(home, project))
    yield _run("deliveries", lambda: _deliveries(home, project))
    yield _run("ledgers", lambda: _ledgers(home, project))
    yield _run("checkpoints", lambda: _checkpoints(home, project))


def _run(name: str, look: Callable[[], tuple[State, str]]) -> Check:
    try:
        return Check(name, *look())
    except FootfallError as error:
        return Check(name, "broken", str(error))
    except Exception as error:  # supervisor: one broken part must not hide the others
        text = " ".join(str(error).split())[:300]
        return Check(name, "broken", f"cannot be read; restore it from a backup: {text}")


def _settings(home: Home) -> tuple[State, str]:
    settings_for(home)
    found = (
        "footfall.toml is valid" if home.settings_file.exists() else "defaults, no footfall.toml"
    )
    return "good", found


def _disk(home: Home, project: str) -> tuple[State, str]:
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK):
        return "broken", f"not writable for this user; change its owner: {existing}"
    full = full_places(home, project)
    if full:
        return "broken", (
            "no space left (bytes, inodes or a quota); make room, everything goes on by itself: "
            + ", ".join(map(str, full))
        )
    message = f"{free / (1 << 30):.1f} GiB free"
    if free < FREE_BYTES_MIN:
        return "attention", f"{message}: the collector refuses events when none is left"
    return "good", message


def _access(home: Home) -> tuple[State, str]:
    """Verbs close a home that they may; what is left open another user owns, or an operator."""
    if not home.root.exists():
        return "good", "nothing is there yet"
    opened = others_access(home)
    if opened:
        return "attention", (
            f"other users have access; close it with chmod -R go= : {'; '.join(opened[:5])}"
        )
    if is_lake_shared(home):
        return (
            "good",
            f"the owner's alone, but for the lake, which a group may read: {home.lake_dir}",
        )
    return "good", "the owner's alone"


def _places(home: Home) -> tuple[State, str]:
    """Where the lake, the cut and metadata are."""
    lines = place_lines(home, settings_for(home))
    return "good", "; ".join(" ".join(line.split()) for line in lines) or f"all in {home.root}"


def _metadata(home: Home, project: str) -> tuple[State, str]:
    metadata = open_metadata(home)
    apps = metadata.apps(project)
    if not apps:
        return "attention", f"no app yet; make one with: footfall key create APP ({project=})"
    return "good", f"{len(apps)} apps: {', '.join(app.app_id for app in apps[:5])}"


def _log(home: Home, project: str, *, is_deep: bool) -> tuple[State, str]:
    """Each record of the newest segments, or of all; of a log elsewhere, how it is kept."""
    from footfall.cli.operating.damage import known_end
    from footfall.log import LogSource, inspect_log

    source = LogSource.of(home, project, settings_for(home).log)
    if source.directory is None:
        return _log_elsewhere(home, project, source)
    newest = None if is_deep else SEGMENTS_CHECKED
    try:
        end = known_end(home, project)
    except Corrupt:
        end = 0  # said by the check of the metadata
    found = inspect_log(source.directory, end, newest)
    damaged = [
        f"{health.file}: {health.lost_records} requests from offset {health.lost[0][0]} on"
        for health in found
        if health.lost
    ]
    if damaged:
        return "broken", "cannot be read; stop the server and run: footfall repair; " + "; ".join(
            damaged
        )
    unsound = [str(health.file) for health in found if health.is_damaged]
    if unsound:
        return "broken", (
            "every request can be read, but the file is damaged; stop the server and run: footfall"
            f" repair; {'; '.join(unsound)}"
        )
    return "good", f"{len(found)} segments read, every request whole"


def _log_elsewhere(home: Home, project: str, source: LogSource) -> tuple[State, str]:
    """What its settings there need, and how far behind the pipeline is in each partition."""
    from footfall.lake.cut import read_cut

    cautions = source.cautions()
    try:
        cut = read_cut(home.cut_file(project))
    except Corrupt:
        cut = None  # said by the check of the cut
    read = Positions() if cut is None else cut.positions
    with contextlib.closing(source.reader()) as log:
        starts, ends, partitions = log.starts(), log.ends(), log.partitions
    gone = [str(one) for one in range(partitions) if starts[one] > read[one]]
    if gone:
        return "broken", (
            "requests are gone that the lake does not have; see to the topic's retention:"
            f" partitions {', '.join(gone)}"
        )
    if not read <= ends:
        return "broken", (
            "the topic ends before requests that were read of it: it was made anew, or an unclean"
            f" leader was elected; see docs/operate/kafka.md: read {read}, ends {ends}"
        )
    lags = ", ".join(f"{max(0, ends[one] - read[one]):,}" for one in range(partitions))
    said = f"{partitions} partitions, requests behind: {lags}"
    return ("attention", "; ".join([*cautions, said])) if cautions else ("good", said)


def _lake(home: Home, project: str, *, is_deep: bool) -> tuple[State, str]:
    """Catalog, metadata, manifests, and every data file: its size, or every page of it."""
    from footfall.lake import Lake, LakePlace, catalog_problem, inspect_data_files

    settings = settings_for(home).lake
    if not settings.catalog and not home.lake_dir.exists():
        return "attention", "nothing is there yet; start the server: footfall serve"
    where = LakePlace.of(settings, home.lake_dir)
    problem = None
    if where.has_local_catalog:
        problem = catalog_problem(where.directory, where.store)
    if problem is not None:
        return "broken", f"stop the server and run: footfall repair; {problem}"
    with contextlib.closing(Lake(where, project)) as lake:
        files = list(inspect_data_files(lake, is_deep=is_deep))
    damaged = [file for file in files if file is not None]
    if damaged:
        return "broken", (
            f"{len(damaged)} of {len(files)} data files are damaged; stop the server and run:"
            f" footfall repair; the first: {damaged[0]}"
        )
    how = "every page read" if is_deep else "all there; --deep reads them"
    return "good", f"{len(files)} data files, {how}"


def _cut(home: Home, project: str) -> tuple[State, str]:
    from footfall.lake.cut import read_cut, read_plan

    settings = settings_for(home).lake
    if settings.cuts == "lake":
        return _shared_cut(home, settings, project)
    cut = read_cut(home.cut_file(project))
    if cut is None:
        return "attention", "nothing published yet; start the server: footfall serve"
    tail_dir = home.tail_dir(project)
    names = sorted(cut.tail_files())
    files = [tail_dir / name for name in names]
    for table in cut.plans:
        planned = read_plan(cut, table, tail_dir).files
        files += [home.root / file for file in planned if "://" not in file]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        return "broken", f"{len(missing)} files are missing, the first: {missing[0]}"
    return "good", f"number {cut.sequence}, epoch {cut.epoch}, all {len(files)} files there"


def _shared_cut(home: Home, settings: LakeSettings, project: str) -> tuple[State, str]:
    """One beside the lake; its data files are looked at by the check of the lake."""
    from footfall.lake import LakePlace
    from footfall.lake.shared_cut import SharedCut

    cuts = SharedCut(LakePlace.of(settings, home.lake_dir).store, project)
    cut = cuts.newest()
    if cut is None:
        return "attention", "nothing published yet; start the server: footfall serve"
    named = {*cut.tail_files(), *cut.plans.values()}
    missing = sorted(named - set(cuts.names()))
    if missing:
        return "broken", f"{len(missing)} files are missing, the first: {cuts.path(missing[0])}"
    return "good", f"number {cut.sequence}, epoch {cut.epoch}, all {len(named)} files there"


def _poison(home: Home, project: str) -> tuple[State, str]:
    """What holds the pipeline up, or did and is put aside."""
    from footfall.pipeline import read_trouble, trouble_file

    trouble = read_trouble(trouble_file(home, project))
    said = trouble.lines(SystemClock().now_us())
    places = open_metadata(home).quarantined(project)
    if places:
        said.append(
            f"{len(places)} requests ended the pipeline or took too long and are failed events"
            f" with reason poison, the last at offset {places[-1]}; mend the plug-in that decodes"
            f" them{trouble.named_last()}"
        )
    if not said:
        return "good", "no request ever ended the pipeline or took too long"
    return "attention", "; ".join(said)


def _consumers(home: Home, project: str) -> tuple[State, str]:
    """Whether each keeps up; one that does not harms nobody else."""
    from footfall.deliver.notes import CONSUMER
    from footfall.lake.cut import read_cut
    from footfall.pipeline import consumer_reports

    try:
        cut = read_cut(home.cut_file(project))
    except Corrupt:
        cut = None  # made anew at the next start, whatever a power cut left of it
    found = consumer_reports(home, project, 0 if cut is None else cut.epoch, metadata_place(home))
    said = "; ".join(map(str, found)) or "none ran yet"
    if any(one.needs_epoch is None for one in found):
        return "broken", said
    collects = {CONSUMER}  # for files: how far behind its destinations may be, they say themselves
    is_well = all(
        one.is_well and (one.epochs_behind < EPOCHS_BEHIND_MAX or one.name in collects)
        for one in found
    )
    return ("good" if is_well else "attention"), said


def _deliveries(home: Home, project: str) -> tuple[State, str]:
    """Whether files can be written to each destination, are, and nothing was lost."""
    from footfall.deliver.chosen import chosen_destinations
    from footfall.deliver.operating.checks import Known, sentences, unreachable
    from footfall.deliver.operating.report import delivery_reports

    settings = settings_for(home)
    chosen = chosen_destinations(settings, metadata_place(home), project)
    destinations = {name: one.destination for name, one in chosen.items()}
    wrong = Known.of(home, settings, open_metadata(home), project).mistakes(destinations)
    if wrong:
        return "broken", "; ".join(sentences(wrong))
    away = sentences(unreachable(destinations, settings, home))
    found = delivery_reports(home, project, SystemClock().now_us(), metadata_place(home))
    said = "; ".join([*map(str, found), *away]) or "no destinations"
    is_well = all(one.is_well for one in found) and not away
    return ("good" if is_well else "attention"), said


def _ledgers(home: Home, project: str) -> tuple[State, str]:
    """Each epoch's ledger, and the sum of all, against rows the lake has and those it dropped."""
    metadata = open_metadata(home)
    epochs = metadata.last_epochs(project, EPOCHS_CHECKED)
    total = metadata.ledger(project)
    while epochs != (again := metadata.last_epochs(project, EPOCHS_CHECKED)):
        epochs, total = again, metadata.ledger(project)  # one was committed in between
    last = max((epoch.epoch for epoch in epochs if epoch.ledger is not None), default=0)
    events, events_dropped = _rows_by_epoch(home, project, "events")
    failed, failed_dropped = _rows_by_epoch(home, project, "failed_events")
    problems = []
    had = (
        sum(rows for epoch, rows in events.items() if epoch <= last) + events_dropped,
        sum(rows for epoch, rows in failed.items() if epoch <= last) + failed_dropped,
    )
    if had != (total.events, total.failed + total.undecodable):
        problems.append(
            f"all epochs: ledgers say {total.events} events and"
            f" {total.failed + total.undecodable} failed, the lake had {had[0]} and {had[1]}"
        )
    for epoch in epochs:
        if epoch.ledger is None:
            continue
        problems += [f"epoch {epoch.epoch}: {problem}" for problem in epoch.ledger.problems()]
        expected = (epoch.ledger.events, epoch.ledger.failed + epoch.ledger.undecodable)
        actual = (events.get(epoch.epoch, 0), failed.get(epoch.epoch, 0))
        if expected != actual:
            problems.append(
                f"epoch {epoch.epoch}: ledger says {expected[0]} events and {expected[1]} failed,"
                f" the lake has {actual[0]} and {actual[1]}"
            )
    if problems:
        return "broken", f"{len(problems)} do not add up; report it, the first: {problems[0]}"
    lost = _lost(home, project)
    if lost:
        return "attention", f"{len(epochs)} epochs; lost to damage and given up: {lost}"
    return "good", f"{len(epochs)} epochs, every row accounted for"


def _rows_by_epoch(home: Home, project: str, table: str) -> tuple[dict[int, int], int]:
    """Rows that the lake has or had of each epoch, and how many of those gone no epoch counts."""
    from footfall.lake import Lake, LakePlace, dropped_rows, lost_rows, rows_by_epoch

    where = LakePlace.of(settings_for(home).lake, home.lake_dir)
    with contextlib.closing(Lake(where, project)) as lake, lake.locks.reading():
        dropped = dropped_rows(lake, table)
        files = lake.plan(table).files
        while dropped != dropped_rows(lake, table):  # days were dropped in between
            dropped = dropped_rows(lake, table)
            files = lake.plan(table).files
        rows = Counter(rows_by_epoch(files, lake.store))
        lost = lost_rows(lake, table)
    gone = 0
    for known in (dropped, lost):
        rows.update(known.epochs)
        gone += known.rows - sum(known.epochs.values())
    return rows, gone


def _lost(home: Home, project: str) -> str:
    """Rows that `footfall repair --accept-loss` gave up, by table; empty for none."""
    from footfall.lake import TABLES, Lake, LakePlace, lost_rows

    where = LakePlace.of(settings_for(home).lake, home.lake_dir)
    with contextlib.closing(Lake(where, project)) as lake:
        rows = {table: lost_rows(lake, table).rows for table in TABLES}
    return ", ".join(f"{count} rows of {table}" for table, count in rows.items() if count)


def _checkpoints(home: Home, project: str) -> tuple[State, str]:
    from footfall.pipeline import checkpoint_epochs

    epochs = checkpoint_epochs(home, project)
    if not epochs:
        return "good", "none yet: a restart reads the log from its start"
    return "good", f"after epochs {', '.join(map(str, epochs))}, readable"
