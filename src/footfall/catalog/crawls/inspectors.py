"""Looks at many files at a time, on as many cores as there are: an engine for each thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from footfall.catalog.crawls.forms.csv_head import CsvForm
from footfall.catalog.crawls.inspect import Inspected, Inspector, Limits
from footfall.catalog.crawls.listing import Place
from footfall.lake.store.options import S3Options

THREADS_MAX: Final = 4


class Inspectors:
    """The memory that limits allow is that of all together."""

    def __init__(self, place: Place, options: S3Options, limits: Limits, csv_form: CsvForm) -> None:
        """As `Inspector`; engines are opened as they are needed."""
        threads = min(THREADS_MAX, os.cpu_count() or 1)
        each = msgspec.structs.replace(limits, memory=limits.memory // threads)
        self._arguments = (place, options, each, csv_form)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="inspect")
        self._own = threading.local()
        self._opened: list[Inspector] = []

    def inspect_all(self, files: Sequence[tuple[str, Path]]) -> Iterator[Inspected]:
        """What is in files, in their order; each with where its readable part goes."""
        return self._pool.map(self._inspect, *zip(*files, strict=True)) if files else iter(())

    def close(self) -> None:
        """Free everything."""
        self._pool.shutdown(cancel_futures=True)
        for inspector in self._opened:
            inspector.close()

    def _inspect(self, path: str, copy: Path) -> Inspected:
        if not hasattr(self._own, "inspector"):
            self._own.inspector = Inspector(*self._arguments)
            self._opened.append(self._own.inspector)
        found: Inspected = self._own.inspector.inspect(path, copy)
        return found
