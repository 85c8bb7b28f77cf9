"""The index equals the models: the very tests of the models, whose shop here answers both ways.

Each question that the index holds is answered by it and by SQL, with the same rows, and that answer
is held against the oracle; its cells are opened in the index, too.
"""

from __future__ import annotations

from tests.explore import test_journeys, test_models
from tests.explore.index.again import again

test_events = again(test_models.test_events, 5)
test_funnel = again(test_models.test_funnel, 5)
test_retention = again(test_models.test_retention, 5)
test_path = again(test_journeys.test_path, 5)
test_lifecycle = again(test_journeys.test_lifecycle, 3)
