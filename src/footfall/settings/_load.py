"""Settings from all their sources, whole or not at all; and what follows from several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.settings._beyond import beyond_one
from footfall.settings._read import read
from footfall.settings._sessions import (
    DefinitionSettings,
    SessionSettings,
    beyond_sessions,
    read_definition,
)
from footfall.settings._tree import Settings
from footfall.settings.kafka import problems_of_kafka, too_small_for

RETENTION_SLACK: Final = DAY
"""Days are dropped whole."""
LATE_AGE_MIN: Final = DAY
"""Least lateness of events that is left when old days go."""


def load_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> Settings:
    """Read settings from all their sources.

    Args:
        file: The user's TOML file; a missing one is an empty one.
        environ: Variables to look for `FOOTFALL__SECTION__NAME` in; the caller passes `os.environ`.
        overrides: `section.name=value` from the command line; values as in TOML, quotes optional.

    Raises:
        Invalid: with every mistake in `problems`, each naming its source, setting and valid form.
    """
    return _load(file, environ, overrides)[0]


def resolve_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Values as they are written, by section and name, and the source of each `section.name`.

    The sources are `defaults.toml`, the path of the file, `environment` and `command line`.

    Raises:
        Invalid: as `load_settings`.
    """
    _, values, sources = _load(file, environ, overrides)
    return values, sources


def _load(
    file: Path | None, environ: Mapping[str, str] | None, overrides: Iterable[str]
) -> tuple[Settings, dict[str, dict[str, Any]], dict[str, str]]:
    sections, values, sources, problems = read(Settings, file, environ, overrides)
    problems.extend(beyond_one(values))
    problems.extend(problems_of_kafka(values))
    if not problems:
        problems.extend(beyond_sessions(sections["sessions"]))
    if not problems:
        problems.extend(_too_short(Settings(**sections)))
    if problems:
        raise Invalid("settings have mistakes; mend them and start again:", tuple(problems))
    return Settings(**sections), values, sources


def another_definition(
    name: str, options: Mapping[str, Any], sessions: SessionSettings
) -> DefinitionSettings:
    """One more session definition beside those of `sessions`, options as in the settings' file.

    Raises:
        Invalid: what is wrong with it, and what is valid.
    """
    try:
        return read_definition(name, options, sessions)
    except ValueError as error:
        raise Invalid(f"session definition: {error}") from None


def retention_margin(settings: Settings) -> int:
    """How much longer than events may come late a day must be kept, in microseconds.

    Their ids are remembered for the horizon; a repair looks back over a chain of activity.
    """
    sessions = settings.sessions
    return settings.duplicates.horizon + sessions.hot_age + sessions.reach + RETENTION_SLACK


def kept_at_least(settings: Settings) -> int | None:
    """Microseconds that every day is kept; `None` for ever."""
    lake = settings.lake
    ages = [lake.keep_age, lake.keep_age_min if lake.bytes_max is not None else None]
    return min((age for age in ages if age is not None), default=None)


def _too_short(settings: Settings) -> Iterable[str]:
    if settings.lake.cuts == "lake" and settings.lake.cut_grace < 2 * settings.query.time_max:
        yield (
            "lake: cut_grace must be at least twice query.time_max; readers on other machines hold"
            " no lock, so what they read is kept by time alone"
        )
    if settings.clock.event_age_trusted_max < settings.clock.event_age_max:
        yield (
            "clock: event_age_trusted_max must be at least event_age_max; who has a server key may"
            " send what anybody may"
        )
    if settings.log.kind == "kafka" and settings.log.kafka is not None:
        collector = settings.collector
        yield from too_small_for(
            settings.log.kafka, collector.body_bytes_max, collector.query_bytes_max
        )
    kept = kept_at_least(settings)
    least = retention_margin(settings) + LATE_AGE_MIN
    if kept is not None and kept < least:
        yield (
            "lake: keep_age, and with bytes_max keep_age_min, must be at least duplicates.horizon +"
            " sessions.hot_age + gap + 2 length_max of the longest session definition + 2d, here"
            f" {-(-least // DAY)}d"
        )
