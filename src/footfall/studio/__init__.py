"""The studio: the web app and its HTTP API, in a light process of its own.

It listens on the loopback only, lets in who opens the one-time link that `footfall serve` prints,
and reads the work of the other processes through files: the live snapshot, the cut, the log,
`metadata.db`. Questions in SQL go to killable workers. It never imports Arrow, Polars, DuckDB or
PyIceberg, so it starts at once and stays small.
"""

from __future__ import annotations

from footfall.studio._app import make_app
from footfall.studio._run import run
from footfall.studio.api.status.status import Status, read_status
from footfall.studio.services import Services

__all__ = ["Services", "Status", "make_app", "read_status", "run"]
