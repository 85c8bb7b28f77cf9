"""The index equals the models: the very tests of the models, whose shop here answers both ways.

Each question that the index holds is answered by it and by SQL, with the same rows, and that answer
is held against the oracle; its cells are opened in the index, too.
"""

from __future__ import annotations

from tests.explore.test_journeys import test_path
from tests.explore.test_models import test_events, test_funnel, test_retention

__all__ = ["test_events", "test_funnel", "test_path", "test_retention"]
