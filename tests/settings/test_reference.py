"""Settings describe themselves: nobody has to look into the code for a unit or a meaning."""

from __future__ import annotations

import tomllib
from typing import get_type_hints

import pytest

from footfall.enrich import DEFAULT_PLAN
from footfall.reference import as_toml, describe
from footfall.settings import Settings, default_values
from footfall.settings.kafka import KafkaSettings

FOUND = {setting.name: setting for setting in describe()}


def test_every_setting_is_described() -> None:
    """Also one that was added yesterday, in the order of the commented reference."""
    typed = [
        f"{section}.{name}"
        for section, kind in get_type_hints(Settings).items()
        for name in get_type_hints(kind)
        if f"{section}.{name}" not in {"enrich.options", "log.kafka"}
    ]
    typed += [f"log.kafka.{name}" for name in get_type_hints(KafkaSettings)]
    for step in DEFAULT_PLAN:
        typed += [f"enrich.{step.name}.{name}" for name in step.settings]
    assert sorted(FOUND) == sorted(typed)
    written = default_values()
    assert list(FOUND) == [f"{section}.{name}" for section in written for name in written[section]]


@pytest.mark.parametrize("name", FOUND)
def test_a_meaning_stands_alone(name: str) -> None:
    """It is shown without its neighbours: no sentence may go on in the next one."""
    meaning = FOUND[name].meaning
    assert not meaning.startswith("…")
    assert meaning.endswith(".")
    assert not meaning.endswith("….")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("collector.rate_per_app_max", "requests per second"),
        ("collector.quarantine_requests_per_hour_max", "requests per hour"),
        ("decode.events_per_request_max", "events per request, or by size"),
        ("pipeline.checkpoint_epochs", "epochs"),
        ("lake.merge_runs", "runs"),
        ("pipeline.lease", "duration (ms, s, m, h, d)"),
        ("lake.keep_age", "duration (ms, s, m, h, d), or forever"),
        ("query.memory_max", "size (B, KiB, MiB, GiB)"),
        ("log.bytes_max", "size (B, KiB, MiB, GiB), or unlimited"),
        ("collector.port", "port"),
        ("collector.host", "text"),
        ("collector.unknown_write_ids", "one of quarantine, refuse"),
        ("collector.trusted_proxies", "list of texts"),
    ],
)
def test_units(name: str, unit: str) -> None:
    """A number without one is off by a factor sooner or later."""
    assert FOUND[name].unit == unit


def test_values_are_shown_as_they_are_written() -> None:
    """What is printed can be put into footfall.toml."""
    for setting in FOUND.values():
        assert tomllib.loads(f"value = {as_toml(setting.default)}")["value"] == setting.default
    assert as_toml(["10.0.0.0/8", "::1/128"]) == '["10.0.0.0/8", "::1/128"]'
    assert as_toml(True) == "true"
