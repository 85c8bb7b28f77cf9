"""The tests of the models, with another shop: fewer examples, for each makes an index, too.

What fails is not made smaller: that is minutes of making indexes, over the limit of a test's time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, given, settings

from tests.explore.shops import slow
from tests.scale import scaled


def again(test: Any, sample: int) -> Callable[..., None]:
    """The same test, with `sample` examples in `make test`."""
    inner = test.hypothesis.inner_test
    strategies = test.hypothesis._given_kwargs
    made: Callable[..., None] = given(**strategies)(inner)
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    return settings(slow, max_examples=scaled(sample, 1_000), phases=phases)(made)
