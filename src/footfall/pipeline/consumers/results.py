"""What continuous queries have answered, as the consumer tells the pipeline that shows it.

    state/<project>/consumers/continuous/shown.json   replaced after each commit of results

The consumer stands above the pipeline and the pipeline waits for none, so a file is between them,
as between all parts: its change says that the table has new rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from footfall.home import write_atomically
from footfall.lake.cut import CutQuery

CONTINUOUS: Final = "continuous"
"""Name of the consumer."""
_FILE: Final = "shown.json"


class ShownResults:
    """Notices when results were written."""

    def __init__(self, directory: Path) -> None:
        """`directory` is that of all consumers."""
        self._file = directory / CONTINUOUS / _FILE
        self._seen: tuple[int, int] | None = None

    def look(self) -> dict[str, CutQuery] | None:
        """The queries, if something was written since the last look; one look at a file."""
        try:
            status = self._file.stat()
            found = (status.st_ino, status.st_mtime_ns)
            if found == self._seen:
                return None
            queries = msgspec.json.decode(self._file.read_bytes(), type=dict[str, CutQuery])
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:  # torn by a power cut; the consumer writes it at its start
            return None
        self._seen = found
        return queries


def tell_results(directory: Path, queries: dict[str, CutQuery]) -> None:
    """Say that results were written; `directory` is that of the consumer."""
    write_atomically(directory / _FILE, msgspec.json.encode(queries))
