"""One commit, tried until it is in: reload, look, commit, and what each way of failing means.

PyIceberg's own retry would append an epoch's rows again after losing a race (tested: two writers
with one epoch both land), so it is off, and the caller decides after each reload whether the commit
is still wanted. Somebody may have switched the retry on again, or taken the setting away (then it
is on): each attempt looks, on the very metadata it commits against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyiceberg.exceptions import (
    CommitFailedException,
    CommitStateUnknownException,
    ValidationException,
)
from pyiceberg.table import Table, Transaction
from requests.exceptions import RequestException
from sqlalchemy.exc import InterfaceError, OperationalError

from footfall.errors import CommitUnknown, Conflict
from footfall.lake.commit.create import RETRY_PROPERTY
from footfall.lake.place import LakePlace
from footfall.lake.store.objects import unreachable

COMMIT_ATTEMPTS_MAX: Final = 10
_UNKNOWN: Final = (
    CommitStateUnknownException,
    OperationalError,
    InterfaceError,
    RequestException,
)
"""The catalog did not say whether it took a commit."""


def land(
    table: str,
    reload: Callable[[str], Table],
    is_wanted: Callable[[Table], bool],
    stage: Callable[[Transaction], None],
    place: LakePlace,
    check: Callable[[], None],
) -> Table | None:
    """Commit to `table` until it is in.

    Args:
        table: Its name.
        reload: Gives its newest metadata.
        is_wanted: Whether that metadata still lacks the commit; may raise.
        stage: Says what the commit changes.
        place: Where the lake is.
        check: Raises if a lock that the caller holds is lost.

    Returns:
        The table with the commit; `None` once it is not wanted any more.

    Raises:
        Conflict: other writers won `COMMIT_ATTEMPTS_MAX` times in a row; try again.
        CommitUnknown: the catalog did not say; try again, it looks before it writes.
        Unavailable: the object store does not answer.
    """
    for _ in range(COMMIT_ATTEMPTS_MAX):
        current = reload(table)
        if not is_wanted(current):
            return None
        check()
        try:
            if current.properties.get(RETRY_PROPERTY) != "0":
                with Transaction(current) as transaction:
                    transaction.set_properties({RETRY_PROPERTY: "0"})
            with Transaction(current) as transaction:
                stage(transaction)
        except (CommitFailedException, ValidationException):
            # PyIceberg looks for the manifests of files to delete in several threads that share one
            # evaluator and its state (0.12), so it may miss one: "missing required files", and
            # nothing is written. That they are there was seen above.
            continue
        except _UNKNOWN as error:
            raise CommitUnknown(
                f"commit may or may not be in; the next attempt looks first: {table=}"
            ) from error
        except OSError as error:
            if place.is_local:
                raise
            # Whatever is written to the store is written before the catalog is asked.
            raise unreachable(place.store.root, error) from error
        return current
    raise Conflict(f"other writers keep committing; is a second pipeline running? {table=}")
