"""A worker alone: what it may not do even if the guard failed, and that it never stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from footfall.errors import FootfallError
from footfall.query import guard
from footfall.query._confine import ADDRESS_SPACE_EXTRA
from footfall.query.definitions import NO_DEFINITIONS
from footfall.query.engine import Engine
from footfall.query.protocol import (
    LENGTH,
    Head,
    Question,
    Ready,
    Refusal,
    Reply,
    Start,
    decode_reply,
    encode,
    message_bytes,
)
from tests.query.cuts import CutWriter, query_settings, sample

UNGUARDED = (
    "import sys\n"
    "from footfall.query import guard, worker\n"
    "guard.check = lambda tree, views: frozenset()\n"
    "worker.main(sys.argv[1:])\n"
)


class Worker:
    """A worker without a guard."""

    def __init__(self, writer: CutWriter, code: str = UNGUARDED) -> None:
        settings = msgspec.json.encode(query_settings()).decode()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(writer.home.root), "default", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(encode(Start(None, NO_DEFINITIONS)))
        self.process.stdin.flush()
        ready = self._reply()
        assert isinstance(ready, Ready)
        self.is_confined = ready.is_confined

    def ask(self, sql: str) -> tuple[Reply, bytes]:
        assert self.process.stdin is not None
        self.process.stdin.write(encode(Question(sql, (), "rows", 10, 1 << 20)))
        self.process.stdin.flush()
        reply = self._reply()
        body = self._read(reply.body_bytes) if isinstance(reply, Head) else b""
        return reply, body

    def close(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        return status

    def _reply(self) -> Reply:
        return decode_reply(self._read(message_bytes(self._read(LENGTH.size))))

    def _read(self, size: int) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.read(size)


@pytest.fixture
def home(tmp_path: Path) -> CutWriter:
    """A home that a test may damage."""
    return sample(tmp_path / "home")


@pytest.fixture
def worker(home: CutWriter) -> Iterator[Worker]:
    """A worker over `home`."""
    started = Worker(home)
    yield started
    started.close()


def _files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_worker_cannot_write_whatever_runs_in_it(home: CutWriter, worker: Worker) -> None:
    """Second and third wall: DuckDB lets COPY write where it may read; the kernel does not."""
    if not worker.is_confined:
        pytest.skip("this kernel has no Landlock")
    (data_file,) = home.lake.plan("events").files
    before = _files(home.home.root)
    targets = [
        data_file,
        str(Path(data_file).parent / "new.parquet"),
        str(home.tail_dir / "cut.json"),
        str(home.home.lake_dir / "catalog.db"),
        str(home.home.root / "new.csv"),
        "/tmp/footfall-test-escape.csv",  # noqa: S108 (it must not appear)
    ]
    for target in targets:
        reply, _ = worker.ask(f"WITH t AS (COPY (SELECT 1 AS a) TO '{target}') FROM t")
        assert isinstance(reply, Refusal), target
        if reply.is_final:
            worker.__init__(home)  # type: ignore[misc]
    assert _files(home.home.root) == before
    assert not Path(targets[-1]).exists()


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_text('/etc/passwd')",
        "FROM '/etc/passwd'",
        "ATTACH '{root}/metadata.db' AS m (TYPE sqlite)",
        "FROM read_text('{root}/footfall.toml')",
        "FROM read_blob('{root}/lake/catalog.db')",
        "FROM read_blob('{root}/lake/other/secret.txt')",
        "FROM glob('{root}/lake/other/*')",
        "FROM read_csv('http://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET threads = 8",
    ],
)
def test_engine_reads_nothing_else_even_unguarded(
    home: CutWriter, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """Second wall, in every process that opens an engine: only this project's data files."""
    (home.home.lake_dir / "other").mkdir()
    (home.home.lake_dir / "other" / "secret.txt").write_text("secret")
    home.home.settings_file.write_text("# secret")
    monkeypatch.setattr(guard, "check", lambda tree, views: frozenset())
    engine = Engine(home.home, "default", query_settings())
    with pytest.raises(FootfallError):
        engine.run(sql.format(root=home.home.root))
    engine.close()


def test_worker_has_limits_and_no_environment(worker: Worker) -> None:
    """Memory, file size and core dumps are bounded by the kernel."""
    limits = Path(f"/proc/{worker.process.pid}/limits").read_text()
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    space = str(query_settings().memory_max + ADDRESS_SPACE_EXTRA)
    assert found["Max address space"] == [space, space]
    assert found["Max file size"] == ["0", "0"]
    assert found["Max core file size"] == ["0", "0"]


def test_worker_ends_with_its_parent_even_in_a_statement(home: CutWriter) -> None:
    """A studio that was killed leaves no statement behind."""
    idle = Worker(home)
    assert idle.close() == 0
    busy = Worker(home)
    assert busy.process.stdin is not None
    busy.process.stdin.write(
        encode(
            Question(
                "SELECT sum(a.i * b.i) FROM range(99999999) a(i), range(99999999) b(i)",
                (),
                "rows",
                1,
                1,
            )
        )
    )
    busy.process.stdin.flush()
    assert busy.close() == 0


def test_prints_do_not_reach_the_protocol(home: CutWriter) -> None:
    """A library that writes to standard output must not break the frames."""
    noisy = Worker(home, UNGUARDED.replace("None", "print('noise', flush=True)"))
    reply, body = noisy.ask("SELECT 1")
    noisy.close()
    assert (type(reply), body) == (Head, b"[[1]]\n")


ATTEMPTS = """
import os, socket, subprocess, sys
from pathlib import Path
from footfall.query._confine import confine
readable, other, pid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if not confine([readable]):
    sys.exit(77)
attempts = {
    "read": lambda: (readable / "file").read_text(),
    "list": lambda: os.listdir(readable),
    "read elsewhere": lambda: (other / "file").read_text(),
    "list elsewhere": lambda: os.listdir(other),
    "read /etc/passwd": lambda: Path("/etc/passwd").read_text(),
    "overwrite": lambda: (readable / "file").write_text(""),
    "truncate": lambda: os.truncate(readable / "file", 0),
    "create": lambda: (readable / "new").write_text(""),
    "remove": lambda: (readable / "file").unlink(),
    "rename": lambda: (readable / "file").rename(readable / "new"),
    "link": lambda: (readable / "new").symlink_to(other),
    "make a directory": lambda: (readable / "new").mkdir(),
    "run a program": lambda: subprocess.run(["/bin/true"]),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "signal": lambda: os.kill(pid, 0),
    "import": lambda: __import__("wave"),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError:
        continue
    except OSError as error:
        print(name, error)
    else:
        print(name)
"""


def test_confinement_leaves_reading_alone(tmp_path: Path) -> None:
    """Third wall by itself: after it, only reading below the given directories works."""
    readable, other = tmp_path / "readable", tmp_path / "other"
    for directory in (readable, other):
        directory.mkdir()
        (directory / "file").write_text("text")
    before = _files(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", ATTEMPTS, str(readable), str(other), str(os.getpid())],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.splitlines() == ["read", "list", "import"]
    assert _files(tmp_path) == before
