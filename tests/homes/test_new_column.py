"""A home of the version before takes a column that is new, and nobody loses it afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from footfall.errors import Invalid
from footfall.home import Home
from footfall.lake import Lake
from footfall.pipeline import maintain
from footfall.settings import load_settings
from footfall.upgrade import upgrade
from tests.homes.kept import unpack, versions
from tests.homes.tomorrow import DOC, FIELD_ID, NEW
from tests.test_tidy import ROOT

Rows = list[list[str | None]]


def _tomorrow(home: Path, *arguments: str) -> Rows:
    """What the version that knows the column makes of the home; sorted."""
    command = [sys.executable, "-m", "tests.homes.tomorrow", str(home), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows: Rows = json.loads(done.stdout)
    return sorted(rows, key=str)


def _by_pyiceberg(home: Path) -> Rows:
    """The same, as any other engine has it."""
    plain = SqlCatalog("footfall", uri=f"sqlite:///{home / 'lake' / 'catalog.db'}")
    table = plain.load_table(("default", "events"))
    field = table.schema().find_field("loyalty")
    assert (field.field_id, field.doc) == (FIELD_ID, DOC)
    rows = table.scan(selected_fields=("visitor_id", "loyalty")).to_arrow().to_pylist()
    return sorted(([row["visitor_id"], row["loyalty"]] for row in rows), key=str)


@pytest.mark.slow
@pytest.mark.parametrize("version", versions())
def test_home_of_an_earlier_version_takes_a_new_column(version: str, tmp_path: Path) -> None:
    """Killed within an epoch by the old version, gone on with by the new one.

    Old rows have null; a row that the new version writes has its value, for SQL and for PyIceberg,
    over old and new files. A version that does not know the column changes nothing, and loses
    nothing when it compacts.
    """
    home = tmp_path / "home"
    held: dict[str, Any] = unpack(version, home)
    upgrade(Home(home))
    lake = Lake(home / "lake", "default")
    assert "loyalty" not in lake.schema("events").names
    old_rows = lake.plan("events").rows
    expected: Rows = sorted([[row[2], None] for row in held["rows"]] + [[NEW, "gold"]], key=str)
    assert 0 < old_rows < len(expected)  # files of both versions will be there

    assert _tomorrow(home, "send") == expected
    assert _by_pyiceberg(home) == expected

    with pytest.raises(Invalid, match=r"this version does not know.*name=loyalty"):
        lake.evolve()
    assert maintain(Home(home), load_settings(), "default", full=True).rows_rewritten > 0
    assert _by_pyiceberg(home) == expected
    assert _tomorrow(home) == expected
