"""A home with a cut, and folders of files to crawl."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.home import Home
from footfall.metadata import Metadata
from footfall.upgrade import stamp_new
from tests.query.cuts import sample

SMALL = '[query]\nmemory_max = "512MiB"\nthreads = 1\n[catalog]\nline_bytes_max = "1MiB"\n'
"""Settings for machines that run many tests."""


def home_with_a_cut(directory: Path, settings: str = SMALL) -> Home:
    """As a server leaves it, with a few events."""
    home = sample(directory).home
    stamp_new(home)
    home.settings_file.write_text(settings)
    with_project = Metadata.open(home)
    with_project.create_project("default")
    with_project.close()
    return home


def put(root: Path, path: str, data: bytes) -> None:
    """A file below a place."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def lines(rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows as JSON, a line each."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def zstd(data: bytes) -> bytes:
    """Compressed, as the zstd program does."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def cut_gzip(data: bytes) -> bytes:
    """A gzip file whose second half is missing."""
    whole = gzip.compress(data, mtime=0)
    return whole[: len(whole) // 2]
