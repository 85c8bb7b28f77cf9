"""How many bytes lie after an offset: estimated from what was read, since Kafka does not tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

RECENT: Final = 100_000
"""Records that count: who sends other requests than before is followed within so many."""


class MeanSize:
    """Mean size of a partition's records, as its reader meets them; 0 while none was read."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._records = 0
        self._bytes = 0

    def add(self, records: Iterable[bytes]) -> None:
        """Records were read."""
        sizes = [len(record) for record in records]
        self._records += len(sizes)
        self._bytes += sum(sizes)
        if self._records > RECENT:
            self._records, self._bytes = self._records // 2, self._bytes // 2

    @property
    def is_known(self) -> bool:
        """Whether anything was read."""
        return self._records > 0

    def offset_within(self, start: int, end: int, bytes_max: int) -> int:
        """First offset after which at most about `bytes_max` lie; never beyond the newest record.

        Bytes are those of the records: Kafka keeps them compressed.
        """
        records = int(bytes_max * self._records / max(1, self._bytes))
        return max(start, min(end - 1, end - records))
