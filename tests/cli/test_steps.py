"""Mistakes in the steps of enrichment are told before anything starts."""

from __future__ import annotations

import pytest

from footfall.cli._common import check_steps
from footfall.errors import Invalid
from footfall.settings import load_settings


def test_mistakes_are_told_at_once() -> None:
    """Not by one of the parts, after the others have started."""
    check_steps(load_settings())
    wrong = load_settings(overrides=['enrich.steps=["pages"]', "enrich.bots.libraries=maybe"])
    with pytest.raises(Invalid) as error:
        check_steps(wrong)
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "enrich.steps",
        "enrich.bots",
    ]
