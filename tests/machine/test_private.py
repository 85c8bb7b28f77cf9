"""A home is closed to other users, and who may not work there is told who may."""

from __future__ import annotations

import os
import pwd
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.cli._common import open_home
from footfall.errors import Invalid
from footfall.home import Home, make_directory
from footfall.lake.store.files import SyncedFileIO
from footfall.machine.private import close_home, is_lake_shared, others_access
from footfall.metadata import Metadata

NOBODY = 65534
NO_ID = 0xFFFFFFFF
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can be another user")


@pytest.fixture
def open_mask() -> Iterator[None]:
    """The widest mask a process can be started with."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def home() -> Iterator[Home]:
    """Below a directory that everybody may pass, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Home(Path(directory) / "home")


def modes(root: Path) -> dict[str, int]:
    """Of everything below `root`, by path."""
    return {
        str(path.relative_to(root)): stat.S_IMODE(path.lstat().st_mode)
        for path in (root, *root.rglob("*"))
    }


def make_open(home: Home) -> None:
    """A home as versions before this one made it."""
    home.root.mkdir(mode=0o755)
    for directory in (home.log_dir("default"), home.lake_dir, home.run_dir):
        directory.mkdir(parents=True)
    for file in (home.metadata_file, home.log_dir("default") / "0.db", home.settings_file):
        file.write_bytes(b"")


def test_new_home_is_its_owners_whatever_the_mask(home: Home, open_mask: None) -> None:
    """Whoever makes a home, a notebook among them, its directory keeps others out of all of it."""
    Metadata.open(home).close()
    make_directory(home.log_dir("default"))
    for directory in (home.root, home.log_dir("default")):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_open_home_is_closed_with_a_line(home: Home, open_mask: None) -> None:
    """Homes of earlier versions are readable by everybody; the first verb ends that."""
    make_open(home)
    home.root.chmod(0o755)
    assert len(others_access(home)) > 1
    assert close_home(home) == [f"closed to other users: {home.root} and 3 more"]
    found = modes(home.root)
    assert found.pop("lake") & 0o077, "the lake is an operator's to open"
    assert found.pop("footfall.toml") & 0o077, "the settings are an operator's file"
    assert [path for path, mode in found.items() if mode & 0o077] == []
    assert others_access(home) == []
    assert close_home(home) == []


def test_what_is_not_ours_is_left_alone(home: Home, open_mask: None) -> None:
    """A mistyped `--home` must shut nobody out of a directory, nor of what lies beside a home."""
    (home.root / "log").mkdir(parents=True)
    (home.root / "log" / "syslog").write_bytes(b"")
    assert close_home(home) == []
    make_open(Home(home.root / "ours"))
    (home.root / "ours" / "site").mkdir()
    assert close_home(Home(home.root / "ours")) != []
    left = (home.root, home.root / "log", home.root / "ours" / "site")
    assert [stat.S_IMODE(path.stat().st_mode) & 0o055 for path in left] == [0o055] * 3


def test_what_is_opened_below_a_closed_home_is_closed(home: Home, open_mask: None) -> None:
    """With a group that may pass to the lake, a file beside it must not be open to that group."""
    make_open(home)
    close_home(home)
    home.root.chmod(0o710)
    home.log_dir("default").parent.chmod(0o750)
    assert [line.partition(" ")[0] for line in others_access(home)] == ["750"]
    assert is_lake_shared(home)
    assert len(close_home(home)) == 1
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o710, "the way to the lake stays"
    assert others_access(home) == []


def test_links_are_not_followed(home: Home, open_mask: None, tmp_path: Path) -> None:
    """A link to a directory that others use must not shut them out of it."""
    make_open(home)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (home.root / "state").symlink_to(elsewhere)
    (home.root / "log" / "link").symlink_to(elsewhere)
    close_home(home)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


def test_lake_may_be_shared_with_a_group(home: Home) -> None:
    """An access control list of the lake holds for every file that is written after it."""
    before = os.umask(0o077)
    try:
        make_directory(home.lake_dir)
        _share(home.lake_dir)
        home.root.chmod(0o710)
        file = home.lake_dir / "default" / "events" / "data" / "a.parquet"
        with SyncedFileIO().new_output(f"file://{file}").create() as stream:
            stream.write(b"PAR1")
    finally:
        os.umask(before)
    for path in (file.parent, file.parent.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert close_home(home) == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def _share(directory: Path) -> None:
    """`setfacl -m g:…:rX,d:g:…:rX`, as acl(5) has the bytes."""
    owner, owning_group, group, mask, other = 0x01, 0x04, 0x08, 0x10, 0x20
    entries = ((owner, 7, NO_ID), (owning_group, 0, NO_ID), (group, 5, NOBODY))
    entries += ((mask, 5, NO_ID), (other, 0, NO_ID))
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(directory, "system.posix_acl_access", packed)
        os.setxattr(directory, "system.posix_acl_default", packed)
    except OSError as error:
        pytest.skip(f"no access control lists here: {error}")


def _as_nobody(act: Callable[[], object]) -> str:
    """What `act` says when another user does it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            said = repr(act())
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    return said


@as_root
def test_another_user_is_told_whose_home_it_is(home: Home) -> None:
    """Under systemd the home is another user's: the sentence has the command, not a traceback."""
    Metadata.open(home).close()
    owner = pwd.getpwuid(0).pw_name
    said = _as_nobody(lambda: open_home(home.root))
    assert said == (
        f"Invalid: this home belongs to {owner}; run this as that user:"
        f" sudo -u {owner} footfall … --home {home.root}"
    )
    home.root.parent.chmod(0o700)
    said = _as_nobody(lambda: open_home(home.root))
    assert said.startswith("Invalid: this user cannot look there; run it as the user whose home")


@as_root
def test_open_home_of_another_user_is_told_and_used(home: Home, open_mask: None) -> None:
    """A volume that belongs to the superuser and is open to others works, with a line."""
    make_open(home)
    home.root.chmod(0o777)
    said = _as_nobody(lambda: close_home(home))
    assert "other users have access to the home, and this user cannot take it away" in said


@as_root
def test_superuser_makes_no_files_in_a_servers_home(home: Home) -> None:
    """One file of root's, such as a lock, and the server cannot start again."""
    Metadata.open(home).close()
    os.chown(home.metadata_file, NOBODY, NOBODY)
    name = pwd.getpwuid(NOBODY).pw_name
    with pytest.raises(Invalid, match=f"sudo -u {name} footfall"):
        close_home(home)


def test_every_process_of_ours_narrows_its_mask(home: Home, open_mask: None) -> None:
    """What is started apart, by a service manager or by hand, is private without its help."""
    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", "web"]
    subprocess.run(
        [*command, "--home", str(home.root)], check=True, capture_output=True, timeout=60
    )
    found = modes(home.root)
    assert found["metadata.db"] == 0o600
    assert [path for path, mode in found.items() if mode & 0o077] == []
