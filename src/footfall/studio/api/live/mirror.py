"""Live numbers of a pipeline on another machine: fetched from the shared metadata.

They are put where the pipeline of this machine would write them, so that whoever reads them knows
one place. A file that is newer stays: on the pipeline's own machine nothing is ever fetched.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Final

import msgspec

from footfall.errors import Unavailable
from footfall.home import Home, make_directory, write_atomically
from footfall.metadata.place import MetadataPlace
from footfall.metadata.progress.published import read_live

LOOK_SECONDS: Final = 1.0


class _Stamp(msgspec.Struct):
    at: int


class LiveMirror:
    """Keeps one project's live file as new as the shared metadata."""

    def __init__(self, home: Home, project: str, place: MetadataPlace) -> None:
        """Fetch nothing yet."""
        self._file = home.live_file(project)
        self._project = project
        self._place = place
        self._closing = threading.Event()

    def start(self) -> None:
        """Look once a second, from a thread that ends with `close` or the process."""
        threading.Thread(target=self._keep, name="live", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()

    def look(self) -> bool:
        """Fetch a newer snapshot, if there is one; whether there was.

        Raises:
            Unavailable: the database does not answer; the file stays as it is, and says how old.
        """
        found = read_live(self._place, self._project, self._at())
        if found is None:
            return False
        make_directory(self._file.parent)
        write_atomically(self._file, found[1])
        return True

    def _at(self) -> int:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Stamp).at
        except (FileNotFoundError, msgspec.DecodeError):
            return -1

    def _keep(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            with contextlib.suppress(Unavailable, OSError):
                self.look()
