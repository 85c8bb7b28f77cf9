"""Everything Footfall raises, few kinds, chosen by what the caller does next.

    FootfallError
    ├── Invalid         mend the input; retrying changes nothing
    ├── Unavailable     retry later with back-off; nothing was done
    │   ├── DiskFull    free space first
    │   └── Overloaded  slow down
    ├── Conflict        somebody else was first: reload, decide again
    │   └── LeaseLost   somebody else writes now: stop, write nothing more
    ├── CommitUnknown   it may or may not have happened: check before anything else
    ├── Corrupt         stored bytes are not what was written: stop, tell a person
    ├── LimitReached    a stated bound (time, memory, rows) ended the work: ask for less
    └── Closed          the object was closed; a bug in the caller

Each kind has a stable `code`, and says whether the same call may be tried again. Bad *data* is
never an exception: it becomes a failed event with a `FailureReason` (see `footfall.event`).
"""

from __future__ import annotations

from typing import ClassVar


class FootfallError(Exception):
    """Base of all; `str(error)` is one sentence that says what to do, variables last."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class Invalid(FootfallError):  # noqa: N818 (a kind, read as an adjective: `except Invalid`)
    """The input is wrong; mend it. `problems` lists every mistake found, not only the first."""

    code = "invalid"

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message if not problems else message + "\n" + "\n".join(problems))
        self.problems = problems


class Unavailable(FootfallError):  # noqa: N818
    """Not now; the same call may succeed later."""

    code = "unavailable"
    retryable = True


class DiskFull(Unavailable):
    """The disk took no more bytes; what was acknowledged before is safe."""

    code = "disk_full"


class Overloaded(Unavailable):
    """A bounded queue is full; come back later."""

    code = "overloaded"


class Conflict(FootfallError):  # noqa: N818
    """Another writer was first; reload and decide again."""

    code = "conflict"
    retryable = True


class LeaseLost(Conflict):
    """Another writer has taken over with a higher term; stop, and write nothing more."""

    code = "lease_lost"
    retryable = False


class CommitUnknown(FootfallError):  # noqa: N818
    """The outcome of a commit is not known; read the table before doing anything else."""

    code = "commit_unknown"


class Corrupt(FootfallError):  # noqa: N818
    """Stored bytes are damaged; restore or rebuild what the message names."""

    code = "corrupt"


class LimitReached(FootfallError):  # noqa: N818
    """A stated bound ended the work; ask for less or raise the named setting."""

    code = "limit_reached"


class Closed(FootfallError):  # noqa: N818
    """The object was closed before this call."""

    code = "closed"
