"""How much a test does: a seeded sample in `make test`, everything in `make test-full`."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("FOOTFALL_TEST_FULL") == "1"
"""Set by `make test-full`."""


def scaled(sample: int, full: int) -> int:
    """`sample` in `make test`, `full` in `make test-full`."""
    return full if IS_FULL else sample
