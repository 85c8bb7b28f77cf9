"""`footfall studio link`: a fresh link at any time, and what to do when nobody serves the pages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from footfall import signin
from footfall.cli import main
from footfall.home import Home
from footfall.machine.process import write_ready
from footfall.settings import Settings
from footfall.upgrade import stamp_new

FRESH = "http://127.0.0.1:7701/open?token=fresh"


@pytest.mark.parametrize("is_served", [True, False])
def test_a_link_is_printed_and_what_is_missing_is_said(
    is_served: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The link alone on standard output, so that it can be opened by a program."""
    asked: list[tuple[Home, Settings]] = []
    monkeypatch.setattr(signin, "fresh_link", lambda *given: asked.append(given) or FRESH)
    home = Home(tmp_path)
    stamp_new(home)
    if is_served:
        write_ready(home, "studio", "http://127.0.0.1:7701")
    monkeypatch.setattr(sys, "argv", ["footfall", "studio", "link", "--home", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main.run()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (0, f"{FRESH}\n")
    missing = "footfall: the pages are not served now; start them first: footfall serve\n"
    assert said.err == ("" if is_served else missing)
    assert [one for one, _ in asked] == [home]
