"""Settings: sources in their order, units, and every mistake told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.errors import Invalid
from footfall.reference import describe
from footfall.settings import (
    QuerySettings,
    Settings,
    default_toml,
    load_settings,
    parse_duration,
    parse_size,
)


def write(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def test_defaults_are_complete_and_valid() -> None:
    """The reference is parsed by the same code as everybody's file: it cannot be out of date."""
    settings = load_settings()
    assert settings.sessions.gap == 30 * MINUTE
    assert settings.sessions.length_max == 24 * HOUR
    assert settings.log.segment_bytes_max == 64 << 20
    assert settings.duplicates.horizon == 3 * DAY
    sections = re.findall(r"^\[(\w+)\]", default_toml(), re.MULTILINE)
    assert sections == list(get_type_hints(Settings))


def test_a_later_source_wins(tmp_path: Path) -> None:
    """Defaults < file < environment < command line: the nearer to the person, the stronger."""
    file = write(tmp_path / "footfall.toml", '[collector]\nport = 1001\nhost = "0.0.0.0"\n')
    environ = {"FOOTFALL__COLLECTOR__PORT": "1002", "FOOTFALL__LOG__SEGMENT_AGE_MAX": "2h"}
    assert load_settings(file).collector.port == 1001
    assert load_settings(file, environ).collector.port == 1002
    settings = load_settings(file, environ, ["collector.port=1003"])
    assert settings.collector.port == 1003
    assert settings.collector.host == "0.0.0.0"  # noqa: S104 (what the file says)
    assert settings.log.segment_age_max == 2 * HOUR


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    """Nobody has to write a file to begin."""
    assert load_settings(tmp_path / "none.toml") == load_settings()


def test_other_variables_are_none_of_ours() -> None:
    """FOOTFALL_HOME and secrets share the prefix; only two double underscores make a setting."""
    assert load_settings(environ={"FOOTFALL_HOME": "/x", "FOOTFALL__A": "1"}) == load_settings()


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One start, one list: each mistake with where it stands and what is valid."""
    file = write(
        tmp_path / "footfall.toml",
        '[collector]\nport = 70000\nhots = "x"\n[sessions]\ngap = 30\n[nothing]\na = 1\n'
        '[query]\nmemory_max = "1 GB"\nworkers_max = 0\n',
    )
    with pytest.raises(Invalid) as caught:
        load_settings(file, {"FOOTFALL__LOG__SEGMENT_AGE_MAX": "0s"}, ["gap=1s"])
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 8
    for said in (
        f"{file}: collector.port: Expected `int` <= 65535",
        f"{file}: no setting collector.hots; there are host, port,",
        f"""{file}: sessions.gap: a text with a unit, such as "15s", not 30""",
        f"{file}: no section [nothing]; there are collector,",
        f"{file}: query.memory_max: a whole number and a unit out of B, KiB, MiB, GiB",
        f"{file}: query.workers_max: Expected `int` >= 1",
        "environment: log.segment_age_max: more than 0, not '0s'",
        "command line: write section.name=value, not 'gap=1s'",
    ):
        assert said in problems


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('collector.trusted_proxies=["localhost"]', "a network such as 127.0.0.1/32"),
        ("collector.aws_collect_path=collect", "a path such as /collect"),
        ("studio.host=0.0.0.0", "a loopback address (there is no login yet)"),
        ("collector.unknown_write_ids=ask", "Invalid enum value"),
    ],
)
def test_values_are_checked_beyond_their_type(override: str, said: str) -> None:
    """Each would start and then fail, or worse, open the pages to the network."""
    with pytest.raises(Invalid, match=re.escape(said)):
        load_settings(overrides=[override])


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """A traceback of the parser tells nobody which file to mend."""
    file = write(tmp_path / "footfall.toml", "port: 1")
    with pytest.raises(Invalid, match="not TOML") as caught:
        load_settings(file)
    assert str(file) in caught.value.problems[0]


def test_settings_are_frozen() -> None:
    """A part that changed them would change them for the others."""
    with pytest.raises(AttributeError):
        load_settings().log.group_requests_max = 1  # type: ignore[misc]


@given(st.integers(0, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]), st.booleans())
def test_durations_are_microseconds(number: int, unit: str, has_space: bool) -> None:
    """Every part counts in the same unit, whatever a person writes."""
    factor = {"ms": 1_000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}[unit]
    assert parse_duration(f"{number}{' ' if has_space else ''}{unit}") == number * factor


@pytest.mark.parametrize("text", ["", "5", "s", "1.5s", "-1s", "5 weeks", "1s2s", "5S"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Guessing a unit would be wrong by a factor of sixty."""
    with pytest.raises(ValueError, match="a whole number and a unit out of ms, s, m, h, d"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("1B", 1), ("64KiB", 65536), ("2 GiB", 2 << 30)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    """Powers of 1024 only: `MB` means two things."""
    assert parse_size(text) == size


def test_settings_survive_the_wire() -> None:
    """A worker process gets its section as JSON; it must see the same values."""
    settings = load_settings().query
    assert msgspec.json.decode(msgspec.json.encode(settings), type=QuerySettings) == settings


def test_secrets_are_shown_nowhere() -> None:
    """Neither in messages nor in dumps nor by the verb; who has no business with one fails."""
    environ = {
        "FOOTFALL__LAKE__LOCATION": "s3://bucket/lake",
        "FOOTFALL__LAKE__S3_ACCESS_KEY": "geheim",
        "FOOTFALL__LAKE__S3_SECRET_KEY": "geheim",
    }
    settings = load_settings(environ=environ)
    assert settings.lake.s3_secret_key.shown == "geheim"
    assert "geheim" not in repr(settings)
    assert "geheim" not in str([setting.value for setting in describe(environ=environ)])
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)
    with pytest.raises(Invalid) as caught:
        load_settings(environ={"FOOTFALL__LAKE__S3_SECRET_KEY": "4711"})
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("location", "lake"),
        ("location", "s3://bucket/"),
        ("location", "s3://B"),
        ("location", "s3://bucket/a?b"),
        ("catalog", "postgresql://me:geheim@host/db"),
        ("catalog", "mysql://host/db"),
        ("s3_endpoint", "s3.example:9000"),
        ("s3_endpoint", "https://s3.example/path"),
    ],
)
def test_address_of_the_lake_has_a_form(name: str, value: str) -> None:
    """Said at the start, and a password that stands in the wrong place is not said again."""
    with pytest.raises(Invalid, match=rf"lake\.{name}: ") as caught:
        load_settings(overrides=[f"lake.{name}={value}"])
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("bucket", ["s3://clicks", "s3://clicks/a/b_c.d=e", "/srv/lake"])
def test_address_of_the_lake_is_taken(bucket: str) -> None:
    """With everything that goes with it."""
    assert load_settings(overrides=[f"lake.location={bucket}"]).lake.location == bucket


def test_settings_of_the_lake_that_do_not_go_together_are_told_at_once() -> None:
    """Half a pair does nothing. Without a bucket of the lake crawls have the store's settings."""
    with pytest.raises(Invalid) as caught:
        load_settings(
            overrides=["lake.s3_access_key=a", "lake.s3_region=b", "lake.catalog_password=c"]
        )
    assert len(caught.value.problems) == 2


def test_a_server_key_may_send_at_least_what_anybody_may() -> None:
    """Two bounds the wrong way round would refuse the shop's own server what a stranger may."""
    with pytest.raises(Invalid) as caught:
        load_settings(overrides=["clock.event_age_max=30d", "clock.event_age_trusted_max=29d"])
    (problem,) = caught.value.problems
    assert "event_age_trusted_max must be at least event_age_max" in problem
    same = ["clock.event_age_max=30d", "clock.event_age_trusted_max=30d"]
    assert load_settings(overrides=same).clock.event_age_trusted_max == 30 * DAY
