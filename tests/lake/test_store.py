"""What every store promises, on a directory and on a real S3 server; and locks made of notes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from footfall.clock import HOUR, Clock, SystemClock
from footfall.errors import Conflict, Invalid, Unavailable
from footfall.lake.store.leases import StoreLocks
from footfall.lake.store.local import LocalStore
from footfall.lake.store.objects import ObjectStore, S3Options
from footfall.lake.store.store import Listed, Store
from footfall.testing.sim_clock import SimClock
from tests.lake.faulty_store import Fault, FaultyStore
from tests.servers.s3 import S3Server

WRITERS = 8


@pytest.fixture(params=["local", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "local":
        yield LocalStore(tmp_path / "lake")
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        yield server.store(f"{request.getfixturevalue('bucket')}/some/prefix")


def test_files_are_read_as_they_were_written(store: Store) -> None:
    """Whole bytes, replaced whole; what is not there is told apart from what is empty."""
    path = f"{store.root}/a/b c+d=é.json"
    assert (store.size(path), list(store.list(store.root))) == (None, [])
    with pytest.raises(FileNotFoundError):
        store.read(path)
    store.write(path, b"")
    assert (store.size(path), store.read(path)) == (0, b"")
    store.write(path, b"longer")
    assert (store.size(path), store.read(path)) == (6, b"longer")
    store.delete(path)
    store.delete(path)
    assert store.size(path) is None


def test_list_names_every_file_below_and_none_beside(store: Store) -> None:
    """Garbage is what is listed and not named: a file too many is removed, one too few stays."""
    paths = [f"{store.root}/t/x", f"{store.root}/t/deep/er/y", f"{store.root}/t/deep/z"]
    for place, path in enumerate(paths):
        store.write(path, b"." * place)
    store.write(f"{store.root}/table", b"beside")
    store.write(f"{store.root}/t2/x", b"beside")
    found = sorted(store.list(f"{store.root}/t"), key=lambda one: one.size)
    assert found == [Listed(path, place) for place, path in enumerate(paths)]
    assert list(store.list(f"{store.root}/nowhere")) == []


def test_one_of_several_creates(store: Store) -> None:
    """All at once, one file: one is told that it made it, and its bytes are there."""
    path = f"{store.root}/once"
    start = threading.Barrier(WRITERS)

    def create(number: int) -> bool:
        start.wait()
        return store.create(path, str(number).encode())

    with ThreadPoolExecutor(WRITERS) as pool:
        made = list(pool.map(create, range(WRITERS)))
    assert made.count(True) == 1
    assert store.read(path) == str(made.index(True)).encode()
    assert [one.path for one in store.list(store.root)] == [path]


def test_one_of_several_changes_a_note_that_all_have_read(store: Store) -> None:
    """What locks stand on: of those who saw the same, one wins and the others are told."""
    path = f"{store.root}/note"
    tag = store.swap_note(path, b"first", None)
    with pytest.raises(Conflict):
        store.swap_note(path, b"again", None)
    start = threading.Barrier(WRITERS)

    def swap(number: int) -> bool:
        start.wait()
        try:
            store.swap_note(path, str(number).encode(), tag)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(swap, range(WRITERS)))
    assert won.count(True) == 1
    note = store.read_note(path)
    assert note is not None
    assert note.data == str(won.index(True)).encode()
    store.delete(path)
    assert store.read_note(path) is None
    with pytest.raises(Conflict):
        store.swap_note(path, b"gone", note.tag)


def test_parquet_is_read_in_every_way(store: Store) -> None:
    """By footer, by Arrow's datasets and by Polars, a file each and several together."""
    tables = [pa.table({"n": [1, 2, 3]}), pa.table({"n": [4]})]
    paths = [f"{store.root}/{place}.parquet" for place in range(2)]
    for path, table in zip(paths, tables, strict=True):
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, write_page_checksum=True)
        store.write(path, sink.getvalue().to_pybytes())
    with store.parquet(paths[0], is_checked=True) as file:
        assert file.read() == tables[0]
    assert store.scan(paths, tables[0].schema).collect()["n"].to_list() == [1, 2, 3, 4]
    data = store.dataset(paths, tables[0].schema, ds.ParquetFileFormat())
    assert sorted(data.to_table().column("n").to_pylist()) == [1, 2, 3, 4]


def test_age_is_by_the_clock_of_the_store(store: Store) -> None:
    """No clock of ours decides who is dead."""
    path = f"{store.root}/note"
    assert store.age(path) is None
    store.write(path, b"")
    age = store.age(path)
    assert age is not None
    assert 0 <= age < 60
    assert [one.path for one in store.list(store.root) if "/.clock" not in one.path] == [path]


def test_store_that_is_not_there_is_unavailable(s3_server: S3Server, bucket: str) -> None:
    """The sentence says what to look at, never a traceback."""
    gone = ObjectStore("s3://nothing", S3Options("http://127.0.0.1:9", "r", "k", "s"))
    with pytest.raises(Unavailable, match=r"lake\.s3_endpoint is right"):
        gone.write("s3://nothing/x", b"")
    with pytest.raises(Invalid, match="no such bucket; make it"):
        s3_server.store("s3://nothing").write("s3://nothing/x", b"")
    wrong = ObjectStore(bucket, msgspec.structs.replace(s3_server.options, secret_key="other"))  # noqa: S106
    with pytest.raises(Invalid, match=r"mend lake\.s3_access_key"):
        wrong.write(f"{bucket}/x", b"")


def test_options_show_no_secret() -> None:
    """They get into messages and debuggers."""
    assert "geheim" not in repr(S3Options("https://h", "r", "key", "geheim"))


def _locks(store: Store, age_max_us: int = HOUR, clock: Clock | None = None) -> StoreLocks:
    return StoreLocks(store, "default", clock or SimClock(), age_max_us)


def test_commits_and_reads_are_seen_while_they_last(store: Store) -> None:
    """Whoever removes files knows of everybody, in whatever process."""
    mine, others = _locks(store), _locks(store)
    with mine.committing(), mine.reading():
        assert others.is_anyone_writing()
        assert others.is_anyone_reading()
        mine.check()
    assert not others.is_anyone_writing()
    assert not others.is_anyone_reading()


def test_who_is_taken_for_dead_cannot_commit(store: Store) -> None:
    """A slow process finds out before it commits; its note stays until tables have a snapshot."""
    slow, sweeper = _locks(store), _locks(store, age_max_us=-HOUR)
    with slow.committing():
        slow.check()
        assert not sweeper.is_anyone_writing()
        (broken,) = sweeper.broken()
        with pytest.raises(Conflict, match=r"lake\.lock_age_max"):
            slow.check()
        assert not sweeper.is_anyone_writing()
        assert sweeper.broken() == [broken]  # also for one who comes after a death
        sweeper.forget([broken])
        assert sweeper.broken() == []
        with pytest.raises(Conflict):
            slow.check()
    assert not _locks(store).is_anyone_writing()


def test_tables_are_made_by_one_at_a_time(store: Store) -> None:
    """Everybody gets his turn, one after the other; who died in it does not stop the others."""
    inside: list[int] = []
    most = []

    def make(number: int) -> None:
        with _locks(store, clock=SystemClock()).creating():
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))
    assert most == [1, 1, 1, 1]
    dead = _locks(store)
    dead._take(b"never given back")
    with _locks(store, age_max_us=-HOUR).creating():
        pass
    with _locks(store).creating():
        pass


@pytest.mark.parametrize("fault", ["refused", "answer lost"])
def test_a_write_that_fails_leaves_locks_that_end(tmp_path: Path, fault: Fault) -> None:
    """The n-th write fails, for n = 1, 2, 3 …: nobody is locked out for longer than the age."""
    for at in range(1, 100):
        inner = LocalStore(tmp_path / f"{fault}-{at}")
        faulty = FaultyStore(inner, at, fault)
        with_faults = _locks(faulty)
        try:
            with with_faults.creating(), with_faults.committing():
                with_faults.check()
        except Unavailable:
            pass
        sweeper = _locks(inner, age_max_us=-HOUR)
        assert not sweeper.is_anyone_writing()
        sweeper.forget(sweeper.broken())
        with sweeper.creating(), _locks(inner).committing():
            pass
        assert not _locks(inner).is_anyone_writing()
        if not faulty.has_failed:
            break
    else:
        pytest.fail("it never ran to its end")
    assert at > 3


def test_local_writes_are_synced_before_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that is there after a power cut is whole: bytes, then the name, then its directory."""
    calls: list[str] = []

    def noted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            calls.append(name)
            return real(*arguments, **named)

        return call

    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "fsync", noted("sync", os.fsync))
    monkeypatch.setattr(os, "link", noted("link", os.link))
    monkeypatch.setattr(Path, "replace", noted("rename", Path.replace))
    store.write(str(tmp_path / "a"), b"1")
    assert calls == ["sync", "rename", "sync"]
    calls.clear()
    store.create(str(tmp_path / "b"), b"1")
    assert calls == ["sync", "rename", "sync", "link", "sync"]
