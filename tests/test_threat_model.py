"""docs/threat-model.md names settings and tests: all of them exist, and the numbers are today's."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from footfall.settings import default_toml

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
CODE = re.findall(r"`([^`]+)`", TEXT)
TESTS = sorted({name for name in CODE if name.startswith("tests/")})
VALUED = re.findall(r"`([a-z_]+)\.([a-z_]+)`(?: (\d+(?: (?:s|h|d|KiB|MiB|GiB)\b)?))?", TEXT)


@cache
def defaults() -> dict[str, dict[str, object]]:
    return tomllib.loads(default_toml())


@pytest.mark.parametrize("named", TESTS)
def test_named_tests_exist(named: str) -> None:
    """A line that no test holds is a wish."""
    path, _, name = named.partition("::")
    assert (ROOT / path).exists(), "name a test that exists"
    if name:
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), (
            "name a test that exists"
        )


@pytest.mark.parametrize(("section", "name", "value"), VALUED)
def test_named_settings_have_these_defaults(section: str, name: str, value: str) -> None:
    """What it may cost is a number somebody can change; the table has the one that is shipped."""
    found = defaults()[section][name]
    if value:
        assert str(found) == value.replace(" ", "").replace(",", "")


def test_every_row_names_a_test() -> None:
    """In the tables that state limits, the last column is never empty."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\| \S", line)]
    rows = [row for row in rows if "held by" not in row and not row.startswith("| | ")]
    without = [row for row in rows if "`tests/" not in row.rpartition(" | ")[2]]
    assert [row[:5] for row in without] == [f"| {who} |" for who in "ABCDEFGH"]
    assert len(TESTS) > 30
    assert len(VALUED) > 25
