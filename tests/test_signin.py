"""One-time links and sessions: what survives the studio, and what never opens twice."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from footfall.clock import DAY, HOUR, MINUTE
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.machine.process import write_ready
from footfall.settings import load_settings
from footfall.signin import LINK_AGE_MAX, Sessions, fresh_link
from footfall.testing import SimClock


@pytest.fixture
def clock() -> SimClock:
    return SimClock(30 * DAY)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def token_of(link: str) -> str:
    return link.partition("/open?token=")[2]


def test_used_link_stays_used_and_session_goes_on_after_a_restart(
    home: Home, clock: SimClock
) -> None:
    """A studio that was killed is another process: what it knew must be on disk."""
    Sessions(clock, home.studio_file).add_link("link")
    secret = Sessions(clock, home.studio_file).open("link")
    assert secret is not None
    after = Sessions(clock, home.studio_file)
    assert after.open("link") is None
    assert after.is_open(secret)
    assert not after.is_open(secret[:-1])
    assert not after.is_open("")


def test_file_has_no_secret_and_is_its_owners(home: Home, clock: SimClock) -> None:
    """Who reads a copy of the file gets in nowhere; who has no business there does not read it."""
    before = os.umask(0)
    try:
        sessions = Sessions(clock, home.studio_file)
        sessions.add_link("link-that-waits")
        sessions.add_link("link-that-is-used")
        secret = sessions.open("link-that-is-used") or ""
    finally:
        os.umask(before)
    kept = home.studio_file.read_bytes()
    for text in ("link-that-waits", "link-that-is-used", secret):
        assert text.encode() not in kept
        assert bytes.fromhex(secret) not in kept
    assert stat.S_IMODE(home.studio_file.stat().st_mode) == 0o600


def test_link_is_good_for_a_day(home: Home, clock: SimClock) -> None:
    """An old journal opens nothing; a clock that was set back an hour shuts nobody out."""
    sessions = Sessions(clock, home.studio_file)
    sessions.add_link("old")
    clock.advance(LINK_AGE_MAX + 1)
    assert sessions.open("old") is None
    sessions.add_link("new")
    clock.jump(-HOUR)
    secret = sessions.open("new")
    assert secret is not None
    clock.jump(-HOUR - MINUTE)
    assert not sessions.is_open(secret)


def test_one_of_many_gets_in(home: Home, clock: SimClock) -> None:
    """Two that open one link at once are two people, or one and a thief: one gets in."""
    Sessions(clock, home.studio_file).add_link("link")
    opened: list[str | None] = []
    threads = [
        threading.Thread(
            target=lambda: opened.append(Sessions(clock, home.studio_file).open("link"))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    assert sum(secret is not None for secret in opened) == 1


def test_damaged_file_is_made_anew(home: Home, clock: SimClock) -> None:
    """It holds nothing that a fresh link does not bring back: nobody has to mend it."""
    home.studio_file.write_bytes(b"no database, " * 100)
    sessions = Sessions(clock, home.studio_file)
    assert not sessions.is_open("secret")
    sessions.add_link("link")
    secret = sessions.open("link")
    assert secret is not None
    assert sessions.is_open(secret)


def test_fresh_link_has_the_address_that_people_reach(home: Home, clock: SimClock) -> None:
    """In front of everything the proxy's, then where the studio says it listens, then settings'."""
    settings = load_settings(environ={})
    link = fresh_link(home, settings, clock)
    assert link.startswith("http://127.0.0.1:7701/open?token=")
    assert Sessions(clock, home.studio_file).open(token_of(link)) is not None
    write_ready(home, "studio", "http://127.0.0.1:43210")
    assert fresh_link(home, settings, clock).startswith("http://127.0.0.1:43210/open?token=")
    public = load_settings(environ={"FOOTFALL__STUDIO__PUBLIC_URL": "https://footfall.example"})
    assert fresh_link(home, public, clock).startswith("https://footfall.example/open?token=")


def test_no_link_without_a_home_or_an_address(home: Home, clock: SimClock) -> None:
    """A link that opens nothing would send a person in circles."""
    with pytest.raises(Invalid, match="nothing is installed there"):
        fresh_link(Home(home.root / "none"), load_settings(environ={}), clock)
    free = load_settings(environ={"FOOTFALL__STUDIO__PORT": "0"})
    with pytest.raises(Unavailable, match="start it first"):
        fresh_link(home, free, clock)
    assert not home.studio_file.exists()
