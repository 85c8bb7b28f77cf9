"""Epochs: their plans, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from footfall.errors import Conflict, Corrupt
from footfall.ledger import Ledger
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import epochs, quarantined
from footfall.positions import Place, Positions


class Epoch(msgspec.Struct, frozen=True):
    """One epoch as `status` shows it."""

    epoch: int
    log_from: Positions
    log_to: Positions
    """First offset of each partition after the epoch."""
    watermark: int
    planned_at: int
    committed_at: int | None
    ledger: Ledger | None


def plan(
    connection: Connection,
    project: str,
    epoch: int,
    log_from: Positions,
    log_to: Positions,
    watermark: int,
    text: str,
    now_us: int,
) -> None:
    """See `Metadata.plan_epoch`."""
    last = connection.execute(
        select(epochs.c.epoch, epochs.c.log_to, epochs.c.committed_at, epochs.c.plan)
        .where(epochs.c.project == project)
        .order_by(epochs.c.epoch.desc())
        .limit(1)
    ).first()
    if last is not None and (last.epoch, last.plan) == (epoch, text):
        return
    is_next = (
        (epoch, log_from) == (1, Positions())
        if last is None
        else last.committed_at is not None
        and (epoch, log_from) == (last.epoch + 1, _positions(last.log_to))
    )
    if not is_next or not log_from <= log_to:
        raise Conflict(
            "epoch does not follow the last one; reload and plan again:"
            f" {project=} {epoch=} log_from={log_from!s} log_to={log_to!s}"
            f" last={last and tuple(last)[:3]}"
        )
    connection.execute(
        insert(connection, epochs).values(
            project=project,
            epoch=epoch,
            log_from=_text(log_from),
            log_to=_text(log_to),
            watermark=watermark,
            plan=text,
            planned_at=now_us,
        )
    )


def amend(
    connection: Connection, project: str, epoch: int, text: str, log_to: Positions, watermark: int
) -> None:
    """See `Metadata.amend_plan`."""
    changed = connection.execute(
        update(epochs)
        .where(
            (epochs.c.project == project)
            & (epochs.c.epoch == epoch)
            & epochs.c.committed_at.is_(None)
        )
        .values(plan=text, log_to=_text(log_to), watermark=watermark)
    )
    if changed.rowcount != 1:
        raise Conflict(f"epoch is committed or was not planned; leave its plan: {epoch=}")


def quarantine(connection: Connection, project: str, places: Iterable[Place], now_us: int) -> None:
    """See `Metadata.quarantine`."""
    for partition, offset in places:
        row = {
            "project": project,
            "log_partition": partition,
            "log_offset": offset,
            "found_at": now_us,
        }
        connection.execute(insert(connection, quarantined).values(row).on_conflict_do_nothing())


def quarantined_from(connection: Connection, project: str, start: Positions) -> tuple[Place, ...]:
    """See `Metadata.quarantined`."""
    query = (
        select(quarantined.c.log_partition, quarantined.c.log_offset)
        .where(quarantined.c.project == project)
        .order_by(quarantined.c.log_partition, quarantined.c.log_offset)
    )
    found = (Place(*row) for row in connection.execute(query))
    return tuple(place for place in found if place.offset >= start[place.partition])


def commit(connection: Connection, project: str, epoch: int, ledger: Ledger, now_us: int) -> None:
    """See `Metadata.commit_epoch`."""
    text = msgspec.json.encode(ledger).decode()
    is_epoch = (epochs.c.project == project) & (epochs.c.epoch == epoch)
    row = connection.execute(select(epochs.c.ledger).where(is_epoch)).first()
    if row is None:
        raise Conflict(f"epoch was not planned; plan it first: {project=} {epoch=}")
    if row.ledger is not None:
        if _ledger(row.ledger) != ledger:
            raise Corrupt(
                "epoch was redone with another result; keep the files and report it:"
                f" {project=} {epoch=} before={row.ledger} now={text}"
            )
        return
    total = ledger_total(connection, project) + ledger
    connection.execute(
        update(epochs)
        .where(is_epoch)
        .values(ledger=text, ledger_total=msgspec.json.encode(total).decode(), committed_at=now_us)
    )


def plans_after(connection: Connection, project: str, epoch: int) -> list[str]:
    """See `Metadata.plans_after`."""
    query = (
        select(epochs.c.plan)
        .where((epochs.c.project == project) & (epochs.c.epoch > epoch))
        .order_by(epochs.c.epoch)
    )
    return list(connection.execute(query).scalars())


def ledger_total(connection: Connection, project: str) -> Ledger:
    """See `Metadata.ledger`."""
    query = (
        select(epochs.c.ledger_total)
        .where((epochs.c.project == project) & epochs.c.committed_at.is_not(None))
        .order_by(epochs.c.epoch.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar()
    return Ledger() if text is None else _ledger(text)


def positions_at(connection: Connection, project: str, before_us: int) -> Positions:
    """See `Metadata.positions_at`."""
    newest = epoch_at(connection, project, before_us)
    query = select(epochs.c.log_to).where(
        (epochs.c.project == project) & (epochs.c.epoch == newest)
    )
    text = connection.execute(query).scalar()
    return Positions() if text is None else _positions(text)


def epoch_at(connection: Connection, project: str, before_us: int) -> int:
    """See `Metadata.epoch_at`."""
    query = select(func.max(epochs.c.epoch)).where(
        (epochs.c.project == project)
        & epochs.c.committed_at.is_not(None)
        & (epochs.c.planned_at < before_us)
    )
    return connection.execute(query).scalar() or 0


def first(connection: Connection, project: str) -> int | None:
    """See `Metadata.first_epoch`."""
    query = select(func.min(epochs.c.epoch)).where(epochs.c.project == project)
    return connection.execute(query).scalar()


def last(connection: Connection, project: str, limit: int) -> list[Epoch]:
    """See `Metadata.last_epochs`."""
    query = (
        select(epochs)
        .where(epochs.c.project == project)
        .order_by(epochs.c.epoch.desc())
        .limit(limit)
    )
    return [_epoch(row) for row in connection.execute(query)]


def one(connection: Connection, project: str, epoch: int) -> Epoch | None:
    """See `Metadata.epoch`."""
    query = select(epochs).where((epochs.c.project == project) & (epochs.c.epoch == epoch))
    row = connection.execute(query).first()
    return None if row is None else _epoch(row)


def _epoch(row: Row[Any]) -> Epoch:
    return Epoch(
        row.epoch,
        _positions(row.log_from),
        _positions(row.log_to),
        row.watermark,
        row.planned_at,
        row.committed_at,
        None if row.ledger is None else _ledger(row.ledger),
    )


def forget(connection: Connection, project: str, before: int) -> int:
    """See `Metadata.forget_epochs`."""
    newest = connection.execute(
        select(func.max(epochs.c.epoch)).where(
            (epochs.c.project == project) & epochs.c.committed_at.is_not(None)
        )
    ).scalar()
    if newest is None:
        return 0
    removed = connection.execute(
        epochs.delete().where(
            (epochs.c.project == project) & (epochs.c.epoch < min(before, newest))
        )
    )
    return removed.rowcount


def _text(positions: Positions) -> str:
    return msgspec.json.encode(positions).decode()


def _positions(text: str) -> Positions:
    try:
        return msgspec.json.decode(text, type=Positions)
    except msgspec.DecodeError as error:
        raise Corrupt(f"positions of an epoch cannot be read; restore metadata: {error}") from error


def _ledger(text: str) -> Ledger:
    try:
        return msgspec.json.decode(text, type=Ledger)
    except msgspec.DecodeError as error:
        raise Corrupt(f"ledger of an epoch cannot be read; restore metadata: {error}") from error
