"""Is everything running, how far is it, and do the ledgers add up?

Read from files that the other processes write anyway, so the answer is there when they are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec

from footfall.clock import DAY, MINUTE, SECOND, US_PER_MS, Clock
from footfall.deliver.operating.report import DeliveryReport, delivery_reports
from footfall.errors import FootfallError, Unavailable
from footfall.explore.journeys.maker import IndexReport, read_report
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.live import LiveSnapshot, decode_snapshot
from footfall.machine import process
from footfall.machine.disk import DiskStatus
from footfall.metadata.place import MetadataPlace
from footfall.metadata.progress.published import PublishedProgress, read_progress
from footfall.metadata.progress.reads import quarantined_since
from footfall.pipeline import ConsumerReport, consumer_reports, read_trouble, trouble_file
from footfall.positions import Positions

PARTS: Final = ("collector", "worker", "studio")
_RATE_SECONDS: Final = 60
POISON_SHOWN: Final = 7 * DAY
"""How long quarantined requests are pointed at."""


class LogReader(Protocol):
    """What the studio needs of a project's log; see `footfall.log.Log`."""

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        """Records from `offset` on."""
        ...

    def starts(self) -> Positions:
        """Oldest kept."""
        ...

    def ends(self) -> Positions:
        """One after the newest."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class Part(msgspec.Struct, frozen=True):
    """One process of the tree."""

    name: str
    state: Literal["running", "stopped", "never_started"]
    pid: int | None = None
    url: str | None = None


class PipelineStatus(msgspec.Struct, frozen=True):
    """What the newest cut says."""

    log_offset: int
    """How many requests readers see, counted over all partitions of the log."""
    epoch: int
    """Last epoch that the lake holds."""
    watermark: int
    """Microseconds since 1970 UTC; sessions idle for longer than the gap before it are closed."""
    published_at: int
    age_ms: int


class MaintenanceStatus(msgspec.Struct, frozen=True):
    """The last run of the lake's maintenance, by the worker or by hand."""

    ended_at: int
    rewrites: int
    """Groups of data files that were compacted."""
    files_removed: int
    files_waiting: int
    """Files that nothing names and that are removed after `lake.file_grace`."""
    error: str | None
    """Why it failed; it is tried again."""


class LogStatus(msgspec.Struct, frozen=True):
    """Offsets of the project's log."""

    start_offset: int
    """How many requests are not kept any more, counted over all partitions."""
    end_offset: int
    """How many there ever were."""


class Status(msgspec.Struct, frozen=True):
    """Answer of `GET /api/status`."""

    at: int
    project: str
    parts: tuple[Part, ...]
    log: LogStatus | None
    maintenance: MaintenanceStatus | None
    """`None` before the first run."""
    pipeline: PipelineStatus | None
    """`None` before the first cut."""
    lag_requests: int | None
    """Acknowledged requests that readers do not see yet."""
    events_per_second: float | None
    """Mean of the last minute."""
    ledger: Ledger
    ledger_problems: tuple[str, ...]
    """What does not add up; empty when both sums hold."""
    problems: tuple[str, ...]
    """What could not be read, or needs a person, one sentence each."""
    consumers: tuple[ConsumerReport, ...] = ()
    """Who else works on each epoch, and how far each is."""
    deliveries: tuple[DeliveryReport, ...] = ()
    """Destinations of files, and how far each is."""
    disk: DiskStatus | None = None
    """What the project takes and when the disk is full; `None` if it cannot be read."""
    index: IndexReport | None = None
    """What was done last for the journey index; `None` before the first look."""
    lag_by_partition: tuple[int, ...] = ()
    """As `lag_requests`, for each partition of the log; empty where it has one."""


class _Cut(PublishedProgress, frozen=True):
    """The fields of `footfall.lake.cut.Cut` that status needs; that module imports Arrow."""

    hot_age: int | None = None


def read_status(
    home: Home,
    project: str,
    clock: Clock,
    open_log: Callable[[], LogReader],
    read_disk: Callable[[], DiskStatus] | None = None,
    metadata: MetadataPlace | None = None,
) -> Status:
    """Gather the state of all parts. Never raises for a missing or damaged file: it is named."""
    now = clock.now_us()
    metadata = metadata or MetadataPlace.of(home)
    problems: list[str] = []
    cut = _read_cut(home, project, problems) or _read_progress(metadata, project, problems)
    log, ends = _read_log(open_log, problems)
    snapshot = _read_live(home, project, problems)
    _look_for_poison(home, project, metadata, now, problems)
    _look_at_sessions(cut, problems)
    consumers = consumer_reports(home, project, 0 if cut is None else cut.epoch, metadata)
    problems += [f"consumer {one}" for one in consumers if not one.is_well]
    deliveries = delivery_reports(home, project, now, metadata)
    problems += [f"delivery {one}" for one in deliveries if not one.is_well]
    ledger = Ledger() if cut is None else cut.ledger
    index = read_report(home, project)
    problems += _index_problems(index)
    return Status(
        at=now,
        project=project,
        parts=tuple(_part(home, name) for name in PARTS),
        log=log,
        maintenance=_read_maintenance(home, project, problems),
        pipeline=None if cut is None else _pipeline(cut, now),
        lag_requests=_lag(log, cut),
        events_per_second=None if snapshot is None else _rate(snapshot, now),
        ledger=ledger,
        ledger_problems=tuple(ledger.problems()),
        consumers=tuple(consumers),
        deliveries=tuple(deliveries),
        disk=_read_disk(read_disk, problems),
        problems=tuple(problems),
        index=index,
        lag_by_partition=_lags(ends, cut),
    )


def _index_problems(index: IndexReport | None) -> list[str]:
    if index is None:
        return []
    if index.outcome == "failed":
        return [f"the journey index failed and is tried again: {index.error}"]
    if index.outcome == "large":
        wanted = f"the journey index would need {index.bytes:,} bytes of disk; raise"
        return [f"{wanted} index.bytes_max, make room, or name fewer index.fields"]
    return []


def _read_disk(
    read_disk: Callable[[], DiskStatus] | None, problems: list[str]
) -> DiskStatus | None:
    try:
        return None if read_disk is None else read_disk()
    except OSError as error:
        problems.append(f"the disk's use cannot be read: {error}")
        return None


def _read_cut(home: Home, project: str, problems: list[str]) -> _Cut | None:
    file = home.cut_file(project)
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Cut)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        problems.append(f"cut is damaged; restart the server to rebuild it: {error} path={file}")
        return None


def _read_progress(metadata: MetadataPlace, project: str, problems: list[str]) -> _Cut | None:
    """How far a pipeline on another machine is."""
    if metadata.is_local:
        return None
    try:
        found = read_progress(metadata, project)
    except Unavailable as error:
        problems.append(str(error))
        return None
    return None if found is None else _Cut(**msgspec.structs.asdict(found))


def _read_log(
    open_log: Callable[[], LogReader], problems: list[str]
) -> tuple[LogStatus | None, Positions]:
    """What is told of it, and where each partition ends."""
    try:
        log = open_log()
        try:
            starts, ends = log.starts(), log.ends()
        finally:
            log.close()
    except Unavailable:
        return None, Positions()
    except FootfallError as error:
        problems.append(str(error))
        return None, Positions()
    return LogStatus(starts.total, ends.total), ends


def _read_live(home: Home, project: str, problems: list[str]) -> LiveSnapshot | None:
    try:
        return decode_snapshot(home.live_file(project).read_bytes())
    except FileNotFoundError:
        return None
    except FootfallError as error:
        problems.append(str(error))
        return None


def _read_maintenance(home: Home, project: str, problems: list[str]) -> MaintenanceStatus | None:
    file = home.maintenance_dir(project) / "report.json"
    try:
        found = msgspec.json.decode(file.read_bytes(), type=MaintenanceStatus)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        problems.append(f"maintenance report is damaged; it is written anew: {error}")
        return None
    if found.error is not None:
        problems.append(f"maintenance failed and is tried again: {found.error}")
    return found


def _look_at_sessions(cut: _Cut | None, problems: list[str]) -> None:
    if cut is not None and cut.hot_age is not None:
        problems.append(
            f"closed sessions are remembered for {cut.hot_age / MINUTE:.1f} min only: there are"
            " more than sessions.hot_max, which may be raised; until then later events of theirs"
            " wait for their repair"
        )


def _look_for_poison(
    home: Home, project: str, metadata: MetadataPlace, now: int, problems: list[str]
) -> None:
    """What holds the pipeline up now, and what was put aside in the last days."""
    trouble = read_trouble(trouble_file(home, project))
    problems += trouble.lines(now)
    try:
        count = quarantined_since(metadata, project, now - POISON_SHOWN)
    except Unavailable as error:
        problems.append(str(error))
        return
    if count:
        problems.append(
            f"{count} requests of the last 7 days ended the pipeline or took too long, and are"
            " failed events with reason poison; mend the plug-in that decodes them"
            f"{trouble.named_last()}"
        )


def _pipeline(cut: _Cut, now: int) -> PipelineStatus:
    return PipelineStatus(
        log_offset=cut.positions.total,
        epoch=cut.epoch,
        watermark=cut.watermark,
        published_at=cut.published_at,
        age_ms=max(0, now - cut.published_at) // US_PER_MS,
    )


def _lag(log: LogStatus | None, cut: _Cut | None) -> int | None:
    if log is None:
        return None
    return max(0, log.end_offset - (cut.positions.total if cut is not None else log.start_offset))


def _lags(ends: Positions, cut: _Cut | None) -> tuple[int, ...]:
    if len(ends.offsets) < 2:
        return ()
    read = Positions() if cut is None else cut.positions
    return tuple(max(0, end - read[one]) for one, end in enumerate(ends.offsets))


def _rate(snapshot: LiveSnapshot, now: int) -> float:
    """Of the last 60 whole seconds; what a snapshot from long ago does not cover is none."""
    total = 0
    for seconds in (snapshot.people.seconds, snapshot.bots.seconds):
        end = now // SECOND - seconds.from_us // SECOND
        total += sum(seconds.events[max(0, end - _RATE_SECONDS) : max(0, end)])
    return total / _RATE_SECONDS


def _part(home: Home, name: str) -> Part:
    ready = process.read_ready(home, name)
    if ready is None:
        return Part(name, "never_started")
    is_running = process.is_alive(ready.pid)
    return Part(name, "running" if is_running else "stopped", ready.pid, ready.url)
