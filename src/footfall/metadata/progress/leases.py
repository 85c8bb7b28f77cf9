"""Leases: which process is the only writer of a project, by a term that never goes back.

Safety is the term alone: whatever is written under a term is refused once a higher one was taken.
Time decides only when a silent holder may be replaced, and no wall clock is compared with another:
a waiter watches `renewals`, and counts the silence on its own monotonic clock.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select, update

from footfall.errors import Conflict, LeaseLost
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import leases


class Holder(msgspec.Struct, frozen=True):
    """A process that writes, or wants to."""

    boot: str
    """Names one run of one kernel: see `footfall.machine.process.boot_id`."""
    host: str
    pid: int


class Lease(msgspec.Struct, frozen=True):
    """Who writes, or wrote last."""

    term: int
    """Counts from 1; each taking counts up."""
    renewals: int
    """Counts up while the holder lives."""
    holder: Holder
    is_given_up: bool
    """The holder said that it writes nothing more."""


def read(connection: Connection, project: str) -> Lease | None:
    """See `Metadata.lease`."""
    row = connection.execute(select(leases).where(leases.c.project == project)).first()
    if row is None:
        return None
    return Lease(row.term, row.renewals, Holder(row.boot, row.host, row.pid), bool(row.given_up))


def take(
    connection: Connection,
    project: str,
    seen: Lease | None,
    holder: Holder,
    above: int,
    now_us: int,
) -> int:
    """See `Metadata.take_lease`."""
    if read(connection, project) != seen:
        raise Conflict(f"another pipeline of this project was first; stop one of them: {project=}")
    term = 1 + max(above, 0 if seen is None else seen.term)
    values = {
        "term": term,
        "renewals": 0,
        "boot": holder.boot,
        "host": holder.host,
        "pid": holder.pid,
        "taken_at": now_us,
        "given_up": 0,
    }
    row = insert(connection, leases).values(project=project, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["project"], set_=values))
    return term


def renew(connection: Connection, project: str, term: int) -> None:
    """See `Metadata.renew_lease`."""
    check(connection, project, term)
    connection.execute(
        update(leases).where(leases.c.project == project).values(renewals=leases.c.renewals + 1)
    )


def give_up(connection: Connection, project: str, term: int) -> None:
    """See `Metadata.give_up_lease`."""
    connection.execute(
        update(leases)
        .where((leases.c.project == project) & (leases.c.term == term))
        .values(given_up=1)
    )


def check(connection: Connection, project: str, term: int) -> None:
    """Refuse a writer whose term is not the highest; part of each transaction that it writes in.

    Raises:
        LeaseLost: a higher term was taken.
    """
    lease = read(connection, project)
    if lease is not None and lease.term > term:
        raise LeaseLost(
            "another pipeline has taken this project over; this one stops and writes nothing more:"
            f" {project=} {term=} now={lease.term} host={lease.holder.host} pid={lease.holder.pid}"
        )
