"""`footfall token`: shown once, listed without its secret, ended by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.signin import Tokens
from tests.cli.shell import refused, run_here


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir(0o700)
    home = Home(tmp_path / "home")
    home.settings_file.write_text("")
    return home


def test_a_token_from_its_making_to_its_end(home: Home) -> None:
    """A script takes it from standard output; no other output ever has it."""
    at = ("--home", str(home.root))
    made = run_here("token", "create", "notebook", "--days", "7", *at)
    secret = made.stdout.rstrip("\n")
    assert secret.startswith("ff_")
    assert "Keep it now" in made.stderr
    assert Tokens(SystemClock(), home.studio_file).name_of(secret) == "notebook"
    other = json.loads(run_here("token", "create", "ci", "--json", *at).stdout)
    shown = run_here("token", "list", *at).stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["ci", "notebook"]
    assert max(map(len, shown.splitlines())) <= 80
    listed = json.loads(run_here("token", "list", "--json", *at).stdout)
    assert [(one["name"], one["used_at"] is None) for one in listed] == [
        ("ci", True),
        ("notebook", False),
    ]
    assert listed[0] == {name: value for name, value in other.items() if name != "token"}
    mistaken = run_here("token", "revoke", secret, *at)
    assert (mistaken.returncode, mistaken.stdout) == (2, "")
    assert "there are: ci, notebook" in mistaken.stderr
    assert secret[3:] not in shown + json.dumps(listed) + mistaken.stderr
    assert run_here("token", "revoke", "notebook", *at).stdout == "revoked notebook\n"
    assert Tokens(SystemClock(), home.studio_file).name_of(secret) is None


def test_mistakes_are_sentences(home: Home) -> None:
    """What is valid is said, and nothing is made."""
    at = ("--home", str(home.root))
    assert "up to 64 letters" in refused("token", "create", "a b", *at)
    assert "3660" in refused("token", "create", "a", "--days", "9999", *at)
    assert "nothing is installed" in refused("token", "create", "a", "--home", str(home.root / "x"))
    again = [run_here("token", "create", "a", *at) for _ in range(2)][1]
    assert (again.returncode, again.stdout) == (1, "")
    assert "there is a token of this name" in again.stderr
    assert run_here("token", "revoke", "a", *at).returncode == 0
    empty = run_here("token", "list", *at)
    assert (empty.stdout, "make one" in empty.stderr) == ("", True)
