"""One-time links and sessions: what survives the studio, and what never opens twice."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from footfall.clock import DAY, HOUR, MINUTE
from footfall.errors import Conflict, Invalid, Unavailable
from footfall.home import Home
from footfall.machine.process import write_ready
from footfall.settings import load_settings
from footfall.signin import LINK_AGE_MAX, TOKENS_MAX, Sessions, Tokens, fresh_link
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


def test_token_opens_until_it_ends_or_is_revoked(home: Home, clock: SimClock) -> None:
    """It is told once and kept as a hash; when it was used is known to the minute."""
    tokens = Tokens(clock, home.studio_file)
    secret, made = tokens.create("notebook", 2)
    other, _ = tokens.create("ci", 3)
    assert Tokens(clock, home.studio_file).name_of(secret) == "notebook"
    assert [tokens.name_of(one) for one in (other, secret[:-1], secret + "0", "", made.name)] == [
        "ci",
        *[None] * 4,
    ]
    used = clock.now_us()
    clock.advance(MINUTE - 1)
    assert tokens.name_of(secret) == "notebook"
    assert [(one.name, one.used_at) for one in tokens.list()] == [("ci", used), ("notebook", used)]
    clock.advance(1)
    assert tokens.name_of(secret) == "notebook"
    assert tokens.list()[1].used_at == used + MINUTE
    kept = home.studio_file.read_bytes()
    assert secret.encode() not in kept
    assert bytes.fromhex(secret.removeprefix("ff_")) not in kept
    clock.advance(2 * DAY - MINUTE)
    assert (tokens.name_of(secret), tokens.name_of(other)) == (None, "ci")
    tokens.revoke("ci")
    assert tokens.name_of(other) is None
    with pytest.raises(Invalid, match="there are: notebook"):
        tokens.revoke("ci")


def test_tokens_are_named_and_bounded(home: Home, clock: SimClock) -> None:
    """None gives way silently to another: some program would stop. Those that ended do."""
    tokens = Tokens(clock, home.studio_file)
    for number in range(TOKENS_MAX):
        tokens.create(f"t{number}", 1 + number % 2)
    with pytest.raises(Conflict, match="revoke one"):
        tokens.create("more", 90)
    tokens.revoke("t0")
    with pytest.raises(Conflict, match="of this name"):
        tokens.create("t1", 90)
    tokens.create("more", 90)
    clock.advance(DAY)
    tokens.create("after", 90)
    assert len(tokens.list()) == TOKENS_MAX // 2 + 2
    for name, days in (("", 1), ("a b", 1), ("x" * 65, 1), ("ok\n", 1), ("ok", 0), ("ok", 4_000)):
        with pytest.raises(Invalid, match="token"):
            tokens.create(name, days)


def test_file_from_before_there_were_tokens(home: Home, clock: SimClock) -> None:
    """A home of an older version signs in as before, and gets its first token."""
    with contextlib.closing(sqlite3.connect(home.studio_file)) as older:
        older.execute("CREATE TABLE links (hash BLOB PRIMARY KEY, made_at INTEGER NOT NULL)")
        older.execute("CREATE TABLE sessions (hash BLOB PRIMARY KEY, opened_at INTEGER NOT NULL)")
    tokens = Tokens(clock, home.studio_file)
    assert (tokens.list(), tokens.name_of("ff_x")) == ([], None)
    secret, _ = tokens.create("first", 90)
    assert tokens.name_of(secret) == "first"
