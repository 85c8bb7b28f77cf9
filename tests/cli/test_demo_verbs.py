"""`footfall demo …`: ranges of its options, and what `demo clean` removes and leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.cli.demos.homes import MARKER
from footfall.machine.process import exclusive
from tests.cli.shell import run_here


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("retail", "--buffer-age", "59s"), "--buffer-age is 60s to 900s, not 59s"),
        (("retail", "--buffer-age", "901s"), "--buffer-age is 60s to 900s, not 901s"),
        (("beer-shop", "--buffer-size", "129MiB"), "--buffer-size is 1MiB to 128MiB, not 129MiB"),
        (("touchwood", "--buffer-size", "1000KiB"), "--buffer-size is 1MiB to 128MiB"),
        (("beer-shop", "--step", "16m"), "--step is 1s to 900s, not 16m"),
        (("beer-shop", "--step", "1500ms"), "--step is in whole seconds: 1500ms"),
        (("beer-shop", "--live", "11m"), "--live is 0s to 600s, not 11m"),
        (("beer-shop", "--rate", "1", "--events", "2401"), "lower --events or raise --rate"),
        (("beer-shop", "--step", "fast"), "--step is 1s to 900s: a whole number and a unit"),
        (("retail", "--prefix", "../x/"), "--prefix: prefix has letters, digits and"),
        (("retail", "--bucket", "files"), "--bucket is s3://bucket/prefix, not files"),
        (("retail", "--events", "0"), "--events is 1 to 1,000,000, not 0"),
        (("touchwood", "--client-id", "a b"), "a b"),
        (("--backlog", "14d"), "--set clock.event_age_max"),
        (("--home", "x", "retail"), "write the options behind retail"),
    ],
)
def test_what_is_beyond_its_range_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Before anything is started, and nothing is left behind that looks like a demo."""
    done = run_here("demo", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") <= 3
    assert not list(tmp_path.glob("footfall-demo-*/lake"))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one option only to hear of the next; an older demo stays as it is."""
    (tmp_path / "footfall-demo-beer-shop").mkdir()
    (tmp_path / "footfall-demo-beer-shop" / MARKER).write_text("{}")
    wrong = ("--events", "0", "--rate", "1001", "--step", "0s", "--live", "1h")
    buffers = ("--buffer-age", "1s", "--buffer-size", "1GiB")
    done = run_here("demo", "beer-shop", *wrong, *buffers, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    told = [line.split(" is ")[0] for line in done.stderr.splitlines()[1:]]
    assert told == ["--events", "--rate", "--buffer-age", "--buffer-size", "--step", "--live"]
    assert (tmp_path / "footfall-demo-beer-shop" / MARKER).exists()


def test_clean_removes_nothing_while_one_of_them_is_running(tmp_path: Path) -> None:
    """It says which; of several, half would be gone, and their buckets' files before them."""
    for name in ("footfall-demo", "footfall-demo-retail"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MARKER).write_text("{}")
    with exclusive(tmp_path / "footfall-demo-retail" / "run" / "serve.lock", "it is running"):
        done = run_here("demo", "clean", "--yes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this demo is running; stop it first" in done.stderr
    assert "footfall-demo-retail" in done.stderr
    assert (tmp_path / "footfall-demo" / MARKER).exists()


def test_clean_removes_demos_and_nothing_else(tmp_path: Path) -> None:
    """Only directories that a demo made, only once it is confirmed, and with all their data."""
    for name in ("footfall-demo-retail", "mine"):
        (tmp_path / name / "files").mkdir(parents=True)
        (tmp_path / name / "files" / "a.csv").write_text("a\n")
    (tmp_path / "footfall-demo-retail" / MARKER).write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "footfall-demo-retail")
    refused = run_here("demo", "clean", cwd=tmp_path, stdin="yes\n")
    assert refused.returncode == 2
    assert "nothing was removed" in refused.stderr
    assert (tmp_path / "footfall-demo-retail" / "files" / "a.csv").exists()
    other = run_here("demo", "clean", "--home", "mine", "--yes", cwd=tmp_path)
    assert "not a demo" in other.stderr
    done = run_here("demo", "clean", cwd=tmp_path, stdin="permanently delete\n")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "footfall-demo-retail").exists()
    assert (tmp_path / "mine" / "files" / "a.csv").exists()
    assert "no demos here" in run_here("demo", "clean", "--yes", cwd=tmp_path).stdout
