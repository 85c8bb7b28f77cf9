"""Ids of many sessions at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from footfall.sessionize import session_ids
from footfall.sessionize.rows import ids
from footfall.sessionize.rows.visitors import Visitors


@pytest.mark.parametrize("name", ["gap", "a_name_of_more_than_sixteen_bytes"])
def test_compiled_ids_are_those_of_hashlib(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small and large batches must give a session one id, or it would be there twice.

    Lengths around those of a block (128 bytes), texts of more bytes than characters, none at all,
    and times before 1970.
    """
    random = np.random.default_rng(5)
    names = [
        "",
        *("v" * n for n in (1, 35, 111, 112, 113, 114, 239, 240, 241, 400)),
        "é" * 57,
        "界",
    ]
    apps = ["shop", "", "ein-laden"]
    visitors = Visitors(
        pl.Series([app for app in apps for _ in names]),
        pl.Series(names * len(apps)),
        np.arange(len(names) * len(apps), dtype=np.uint64),
    )
    code = random.integers(0, len(visitors), 500)
    starts = np.append(random.integers(-(2**62), 2**62, 497), [-1, 0, 2**63 - 1])
    expected = session_ids(
        name,
        3,
        visitors.apps.gather(pl.Series(code)).to_list(),
        visitors.visitors.gather(pl.Series(code)).to_list(),
        starts.tolist(),
    )
    assert expected == ids.ids_of(name, 3, visitors, code, starts).to_list()
    monkeypatch.setattr(ids, "COMPILED_MIN", 1)
    assert expected == ids.ids_of(name, 3, visitors, code, starts).to_list()
