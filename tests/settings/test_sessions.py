"""Session definitions in settings: what is valid, what is told, what is filled in."""

from __future__ import annotations

import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.errors import Invalid
from footfall.sessionize import Definitions
from footfall.settings import load_settings


def test_what_is_left_out_is_the_sections() -> None:
    """A table says what differs; the default comes first and needs none."""
    tables = '{b={kind="step",step="30s"},a={kind="gap",gap="5m",version=3}}'
    settings = load_settings(overrides=["sessions.gap=20m", f"sessions.definitions={tables}"])
    named = settings.sessions.named
    assert list(named) == ["gap", "b", "a"]
    assert (named["gap"].gap, named["a"].gap, named["b"].step) == (
        20 * MINUTE,
        5 * MINUTE,
        30 * SECOND,
    )
    assert named["a"].length_max == 24 * HOUR
    assert Definitions.of(settings.sessions).keys == ("gap.1", "b.1", "a.3")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('{Q={kind="gap"}}', "lower-case letters"),
        ('{q={kind="gaps"}}', "q: kind is one of gap, step, day, client"),
        ('{q={kind="step"}}', "q: step is missing"),
        ('{q={kind="step",step=30}}', 'q.step: a text with a unit, such as "15s"'),
        ('{q={kind="day",step="1h"}}', "q: kind day has no option step; there are key, kind"),
        ('{q={kind="gap",time_zone="Berlin"}}', "an IANA name such as Europe/Berlin"),
        ('{q={kind="gap",key=["event_name"]}}', "properties.<name>, not 'event_name'"),
        ('{q={kind="gap",cut_on_user="yes"}}', "q: Invalid enum value 'yes'"),
    ],
)
def test_mistakes_are_told(table: str, told: str) -> None:
    """Each with what is valid; nothing starts."""
    with pytest.raises(Invalid) as raised:
        load_settings(overrides=[f"sessions.definitions={table}"])
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("default", "told"),
    [
        ("c", "its key must be visitor_id; here client"),
        ("u", "its key must be visitor_id; here step with key user_id"),
        ("none", "no definition 'none'"),
    ],
)
def test_the_default_is_of_visitors(default: str, told: str) -> None:
    """Events name its sessions."""
    tables = '{c={kind="client"},u={kind="step",step="1m",key=["user_id"]}}'
    overrides = [f"sessions.definitions={tables}", f"sessions.default={default}"]
    with pytest.raises(Invalid, match=told):
        load_settings(overrides=overrides)
