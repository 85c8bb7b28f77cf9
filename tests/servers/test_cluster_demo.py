"""`make cluster-demo`: what it calls equal is equal, and nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from footfall.settings import load_settings
from tests.scale import IS_FULL

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--rate", "20", "--duration", "10s", "--users", "30", "--backlog", "30m")
SETTINGS = {
    "lake.location": "s3://lake/shop",
    "lake.s3_access_key": "a-key",
    "lake.s3_secret_key": "a secret",
    "collector.port": 0,
}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its modules import each other as scripts of tools/ do."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))


@pytest.mark.usefixtures("tools")
def test_every_difference_is_named() -> None:
    """A demo that says "equal" of what is not would be worse than none."""
    from cluster.compare import Side, differences

    def side(*events: tuple[str, int], **ledger: int) -> Side:
        return Side({"events": Counter(events)}, [], ledger)

    one = side(("a", 1), ("b", 2), ("b", 2), requests=3)
    assert differences(one, side(("b", 2), ("a", 1), ("b", 2), requests=3)) == []
    assert differences(one, side(("a", 1), ("b", 2), requests=3)) == [
        "events: 1 rows are only embedded: ('b', 2)"
    ]
    assert differences(one, side(("a", 1), ("b", 2), ("b", 3), requests=4)) == [
        "ledger: embedded {'requests': 3}, cluster {'requests': 4}",
        "events: 1 rows are only embedded: ('b', 2)",
        "events: 1 rows are only cluster: ('b', 3)",
    ]


@pytest.mark.usefixtures("tools")
def test_a_machine_has_a_settings_file_without_secrets(tmp_path: Path) -> None:
    """As an operator should: what is secret is in the environment, and all of it is valid."""
    from cluster.roles import Machine

    machine = Machine(tmp_path / "collector", SETTINGS)
    file = machine.home / "footfall.toml"
    assert tomllib.loads(file.read_text()) == {
        "lake": {"location": "s3://lake/shop", "s3_access_key": "a-key"},
        "collector": {"port": 0},
    }
    settings = load_settings(file, machine.variables)
    assert settings.lake.s3_secret_key.shown == "a secret"
    assert (machine.home.stat().st_mode & 0o077, settings.collector.port) == (0, 0)


def start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    place = ("--directory", str(tmp_path / "demo"))
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "cluster_demo.py"), *SMALL, *place, *options],
        env={**os.environ, "STARTED_BY_TEST": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_of(tmp_path: Path) -> list[str]:
    """Processes whose command or environment names the directory, and what is in it."""
    found = [str(path) for path in tmp_path.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(tmp_path).encode() in words and process.name != str(os.getpid()):
            found.append(words.decode(errors="replace"))
    return found


HERE = ("--log", "sqlite", "--metadata", "home")
"""Without what needs Kafka's client: all in one home, the lake behind the REST catalog."""


if IS_FULL:

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("options", [HERE, ()], ids=["one-home", "cluster"])
    def test_the_shop_comes_out_equal(tmp_path: Path, options: tuple[str, ...]) -> None:
        """Rows, ids, sessions and ledger of both sides, and the shop's known truth."""
        with start(tmp_path, *options) as demo:
            out, errors = demo.communicate(timeout=800)
        assert (demo.returncode, errors) == (0, "")
        assert out.splitlines()[-1].startswith("equal: ")
        assert left_of(tmp_path) == []

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize(
        "moment", ["catalog/rest_catalog.log", "cluster/worker.log", "requests.jsonl"]
    )
    def test_ended_at_any_moment_it_leaves_nothing(tmp_path: Path, moment: str) -> None:
        """Databases that stay behind would be found weeks later, also one that still starts."""
        with start(tmp_path, *HERE) as demo:
            while not (tmp_path / "demo" / moment).exists():
                assert demo.poll() is None
                time.sleep(0.01)
            demo.send_signal(signal.SIGTERM)
            _, errors = demo.communicate(timeout=800)
        assert (demo.returncode, errors) == (130, "stopped\n")
        assert left_of(tmp_path) == []
