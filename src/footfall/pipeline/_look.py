"""What a worker needs to do its work, looked at for `/ready`; its recovery has published a cut."""

from __future__ import annotations

import contextlib

from footfall.errors import Unavailable
from footfall.home import Home
from footfall.log import Log, LogSource
from footfall.pipeline._lease import WriterLease
from footfall.settings import Settings


class Look:
    """Lease and log of one pipeline. Always called in one and the same thread."""

    def __init__(self, home: Home, settings: Settings, project: str, lease: WriterLease) -> None:
        """Open nothing yet."""
        self._source = LogSource.of(home, project, settings.log)
        self._lease = lease
        self._log: Log | None = None

    def __call__(self) -> None:
        """Raise if the pipeline cannot do its work.

        Raises:
            FootfallError: what is missing.
        """
        if not self._lease.is_held:
            raise Unavailable("the lease could not be renewed: is the metadata database reached?")
        # A reader of its own, which is kept: some logs take threads and connections for each.
        if self._log is None:
            self._log = self._source.reader()
        try:
            self._log.ends()
        except BaseException:
            self.close()  # the next look opens it again
            raise

    def close(self) -> None:
        """Let go of the log; a later look opens it again."""
        log, self._log = self._log, None
        if log is not None:
            with contextlib.suppress(Unavailable):
                log.close()
