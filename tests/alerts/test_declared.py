"""Rules and channels in the settings, changed rules, and actions that installed packages bring."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from footfall.alerts.actions.plugged import action_names
from footfall.errors import Conflict, Invalid, Unavailable
from footfall.settings import load_settings
from footfall.settings.alerts import read_changes
from tests.alerts.receivers import SECRET, receiving
from tests.alerts.test_outbox import _session, post
from tests.extend.site import install

ACTION = """
import json, os

def recommend(firings):
    with open(os.environ["RECOMMENDED"], "a") as file:
        file.write(json.dumps([one["delivery_id"] for one in firings]) + "\\n")
    if any(one["details"].get("duration_ms") == 13 for one in firings):
        raise ValueError("unlucky")

def away(firings):
    raise ConnectionError("the model is away")
"""


def test_rules_of_the_settings_fire_and_change_there_only(tmp_path: Path) -> None:
    """They are beside those that people add; nobody is shown the secret."""
    with receiving() as receiver:
        declared = (
            f'alerts.channels={{ops={{kind="webhook",url="{receiver.url}",secret="{SECRET}"}}}}',
            'alerts.rules={short={kind="session",when="duration_ms < 20000",channels=["ops"]}}',
        )
        with post(tmp_path, *declared) as it:
            it.desk.put_rule(it.desk.read_new_rule("own", _session(channels=["ops"]))[0])
            ids = it.fire("short", range(2)) + it.fire("own", range(1))
            with closing(it.outbox()):
                receiver.wait(3)
            assert {one for one, _ in receiver.arrived} == set(ids)
            assert {one.name: one.is_declared for one in it.desk.rules()} == {
                "own": False,
                "short": True,
            }
            assert SECRET not in repr((it.desk.rules(), it.desk.channels(), it.settings))
            for change in (
                lambda: it.desk.read_new_rule("short", _session()),
                lambda: it.desk.read_changed_rule("short", {"enabled": False}),
                lambda: it.desk.change_channel("ops", {"url": "https://other.example"}),
            ):
                with pytest.raises(Conflict, match="in the settings"):
                    change()
            with pytest.raises(Invalid, match="in the settings"):
                it.desk.remove_rule("short")
            assert it.desk.mute("short", "1h") > 0
    with pytest.raises(Invalid) as told:
        load_settings(
            overrides=(
                'alerts.rules={a={kind="session"},b={kind="metric",window="1s",above=1}}',
                'alerts.channels={c={kind="webhook",url="x",secret="short"}}',
            )
        )
    for text in ("a: when is missing", "b: window is from 10s", "c: url is", "c: secret has"):
        assert text in str(told.value)


def test_options_are_changed_one_by_one(tmp_path: Path) -> None:
    """What is not named stays, a channel's secret too; what was disabled fires from then on."""
    with receiving() as receiver, post(tmp_path) as it:
        it.desk.put_channel("ops", {"kind": "webhook", "url": "http://x.example", "secret": SECRET})
        it.desk.change_channel("ops", {"url": receiver.url})
        assert it.desk.test_channel("ops") == ""
        assert receiver.wrong == []  # signed as before

        def change(**changes: Any) -> dict[str, Any]:
            it.desk.put_rule(it.desk.read_changed_rule("r", changes)[0])
            (rule,) = it.desk.rules()
            return rule.options

        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["ops"]))[0])
        first = it.reads.states()["r"].since
        found = change(when="events > 3", cool_down="10m")
        assert (found["when"], found["cool_down"], list(found["channels"])) == (
            "events > 3",
            "10m",
            ["ops"],
        )
        assert change(cool_down=None)["cool_down"] == "0s"
        assert it.reads.states()["r"].since == first
        assert change(enabled=False)["enabled"] is False
        assert change(enabled=True)["enabled"] is True
        assert it.reads.states()["r"].since > first
        with pytest.raises(Invalid, match="say above or below"):
            change(kind="metric")
        assert change(kind="metric", above=5, window="1m")["above"] == 5
        with pytest.raises(Invalid, match="there are: r"):
            it.desk.read_changed_rule("other", {})
    assert read_changes(["above=5", "channels=ops, mail", "enabled=false", "where="]) == {
        "above": 5.0,
        "channels": ["ops", "mail"],
        "enabled": False,
        "where": None,
    }
    with pytest.raises(Invalid) as told:
        read_changes(["above=much", "nothing", "colour=red"])
    assert len(told.value.problems) == 3


def test_an_installed_package_brings_an_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called with firings as webhooks have them; one that it cannot take is told alone."""
    site = install(
        tmp_path / "site",
        "shop-actions",
        "recommend = shop_actions:recommend\naway = shop_actions:away\ngone = shop_gone:act",
        ACTION,
        "footfall.actions",
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    monkeypatch.setenv("RECOMMENDED", str(tmp_path / "seen"))
    monkeypatch.delitem(sys.modules, "shop_actions", raising=False)
    assert {"recommend", "away"} <= set(action_names())
    with post(tmp_path, "alerts.tries_max=2") as it:
        for action in ("recommend", "away", "gone", "other"):
            it.desk.put_channel(action, {"kind": "action", "action": action})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["recommend"]))[0])
        ids = it.fire("r", range(8))
        (unlucky,) = it.fire_one("r", "unlucky", {"duration_ms": 13})
        with closing(it.outbox()):
            it.wait_until("sent", 8)
            it.wait_until("dead", 1)
        calls = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
        seen = Counter(one for call in calls for one in call)
        assert set(seen) == {*ids, unlucky}
        (dead,) = [one for one in it.desk.history().firings if one.delivery_id == unlucky]
        assert [(n.state, "unlucky" in n.error) for n in dead.notices] == [("dead", True)]
        assert "shop_gone" in it.desk.test_channel("gone")
        assert "recommend" in it.desk.test_channel("other")  # says which there are
        with pytest.raises(Unavailable, match="the model is away"):
            it.desk.test_channel("away")
