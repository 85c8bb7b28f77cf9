"""A cluster takes minutes: a part of `make test-full` only."""

from __future__ import annotations

from tests.scale import IS_FULL

collect_ignore = [] if IS_FULL else ["test_cluster.py"]
