"""Two processes, one epoch, one table: the library doubles it, our commit does not."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyiceberg.exceptions import CommitStateUnknownException
from sqlalchemy.exc import OperationalError

from footfall.errors import CommitUnknown, LeaseLost
from footfall.lake import TABLES, Lake
from footfall.lake.commit.create import RETRY_PROPERTY
from footfall.lake.commit.lake import TERM_PROPERTY
from footfall.testing.events import event_table

ROWS = 5
WRITERS = 2

LIBRARY = """
from pyiceberg.catalog.sql import SqlCatalog
from footfall.lake.tables.schemas import to_lake
table = SqlCatalog("footfall", uri=f"sqlite:///{lake}/catalog.db").load_table(("default", "events"))
ready()
with table.transaction() as transaction:
    transaction.append(to_lake(rows))
    transaction.set_properties({"footfall.epoch": "1"})
tell(True)
"""
OURS = """
from footfall.lake import Lake
ours = Lake(lake, "default")
reload = ours._reload
looks = []

def reload_then_wait(name):
    table = reload(name)
    looks.append(name)
    if len(looks) == 2:  # the first look is before the files are written
        ready()
    return table

ours._reload = reload_then_wait
tell(ours.commit("events", rows, 1))
"""
_FRAME = """
import json, sys
from pathlib import Path
from footfall.testing.events import event_table
lake = Path(sys.argv[1])
rows = event_table({{"epoch": 1}} for _ in range({count}))

def tell(value):
    print(json.dumps(value), flush=True)

def ready():  # has the table's metadata in hand, waits for the other to have it, too
    tell("ready")
    sys.stdin.readline()
"""


def _race(directory: Path, script: str) -> list[bool]:
    """Run `script` in two processes that commit against the same metadata; what each says."""
    text = _FRAME.format(count=ROWS) + script
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", text, str(directory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(WRITERS)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert json.loads(writer.stdout.readline()) == "ready"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        answers = []
        for writer in writers:
            out, _ = writer.communicate(timeout=60)
            assert writer.returncode == 0
            answers.append(json.loads(out))
    return sorted(answers)


def _unset_retries(lake: Lake) -> None:
    """What a foreign engine may do: the library's default, four retries, holds again."""
    with lake._catalog.load_table(("default", "events")).transaction() as transaction:
        transaction.remove_properties(RETRY_PROPERTY)


def test_library_lets_both_processes_land(tmp_path: Path) -> None:
    """Why the loop is ours: the loser's automatic retry appends its rows again, epoch and all."""
    lake = Lake(tmp_path, "default")
    _unset_retries(lake)
    assert _race(tmp_path, LIBRARY) == [True, True]
    assert (lake.plan("events").rows, lake.epoch("events")) == (WRITERS * ROWS, 1)


@pytest.mark.parametrize("is_retry_default", [False, True], ids=["as made", "retries unset"])
def test_ours_lets_one_process_land(tmp_path: Path, is_retry_default: bool) -> None:
    """The same race with our commit: one lands, the other sees it; whatever the table's setting."""
    lake = Lake(tmp_path, "default")
    if is_retry_default:
        _unset_retries(lake)
    assert _race(tmp_path, OURS) == [False, True]
    assert (lake.plan("events").rows, lake.epoch("events")) == (ROWS, 1)


def _answer_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """The catalog breaks off once: `after` it has committed, or before."""
    commit = lake._catalog.commit_table
    told = iter([OperationalError("COMMIT", {}, Exception("disk I/O error"))])

    def commit_table(*arguments: object, **named: object) -> object:
        error = next(told, None)
        if error is None:
            return commit(*arguments, **named)  # type: ignore[arg-type]
        if after:
            commit(*arguments, **named)  # type: ignore[arg-type]
            raise CommitStateUnknownException from error
        raise error

    monkeypatch.setattr(lake._catalog, "commit_table", commit_table)


@pytest.mark.parametrize("has_committed", [True, False])
def test_unknown_outcome_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_committed: bool
) -> None:
    """The answer was lost: the next attempt looks first, so the rows are there once either way."""
    lake = Lake(tmp_path, "default")
    rows = event_table({"epoch": 1} for _ in range(ROWS))
    _answer_nothing(lake, monkeypatch, after=has_committed)
    with pytest.raises(CommitUnknown):
        lake.commit("events", rows, 1)
    assert lake.commit("events", rows, 1) is not has_committed
    assert lake.plan("events").rows == ROWS


def test_table_refuses_a_writer_with_an_older_term(tmp_path: Path) -> None:
    """Every table, before the new writer has committed anything; the rows stay out."""
    old, new = Lake(tmp_path, "default"), Lake(tmp_path, "default")
    old.write_as(1)
    old.fence()
    new.write_as(2)
    new.fence()
    rows = event_table({"epoch": 1} for _ in range(ROWS))
    with pytest.raises(LeaseLost, match="term=1 now=2"):
        old.commit("events", rows, 1)
    with pytest.raises(LeaseLost):
        old.fence()
    assert new.commit("events", rows, 1)
    found = {name: new._reload(name).properties[TERM_PROPERTY] for name in TABLES}
    assert found == dict.fromkeys(TABLES, "2")
    assert new.plan("events").rows == ROWS


def test_term_taken_between_look_and_commit_counts(tmp_path: Path) -> None:
    """The worst moment: the old writer has looked, and is about to commit."""
    old, new = Lake(tmp_path, "default"), Lake(tmp_path, "default")
    old.write_as(1)
    new.write_as(2)
    check = old._is_newer
    fences = iter([new.fence])

    def check_then_lose(current: object) -> bool:
        answer = check(current)  # type: ignore[arg-type]
        for fence in fences:
            fence()
        return answer

    old._is_newer = check_then_lose  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        old.commit("events", event_table({"epoch": 1} for _ in range(ROWS)), 1)
    assert new.plan("events").rows == 0
