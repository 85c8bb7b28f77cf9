"""A backup has what lies in the home, nothing else; a restore writes in the home, nowhere else."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.backup import back_up, restore
from footfall.backup._links import check_inside
from footfall.errors import Corrupt, Invalid
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.project import App

SECRET = b"a secret of another program"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With keys, a checkpoint's file and a directory of the log; nothing ran there yet."""
    found = Home(tmp_path / "home")
    metadata = Metadata.open(found)
    metadata.create_project("default")
    metadata.create_app(App("default", "web", "Web"))
    metadata.close()
    state = found.state_dir("default")
    state.mkdir(parents=True)
    (state / "attempts.json").write_bytes(b"{}")
    return found


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that has nothing to do with the home."""
    found = tmp_path / "outside"
    found.mkdir()
    (found / "secret").write_bytes(SECRET)
    return found


LINKS: dict[str, Callable[[Home, Path], tuple[Path, Path]]] = {
    "to a file outside": lambda h, o: (h.state_dir("default") / "a", o / "secret"),
    "to a directory outside": lambda h, o: (h.state_dir("default") / "d", o),
    "of a whole part": lambda h, o: (h.root / "log", o),
    "of a project": lambda h, o: (h.root / "state" / "other", o),
    "of the settings": lambda h, o: (h.settings_file, o / "secret"),
    "that names nothing": lambda h, o: (h.state_dir("default") / "a", o / "nothing"),
    "within the home": lambda h, _: (
        h.state_dir("default") / "a",
        h.state_dir("default") / "attempts.json",
    ),
    "relative, within the home": lambda h, _: (h.state_dir("default") / "a", Path("attempts.json")),
    "in the lake": lambda h, o: (h.lake_dir / "default" / "events" / "data", o),
}


@pytest.mark.parametrize("kind", LINKS)
def test_home_with_a_link_is_not_backed_up(
    kind: str, home: Home, outside: Path, tmp_path: Path
) -> None:
    """A person learns which link and what to do, and nothing from outside gets into the backup."""
    link, target = LINKS[kind](home, outside)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(Invalid, match="symbolic links") as refused:
        back_up(home, tmp_path / "backup")
    assert f"{link} -> {target}" in str(refused.value)
    assert not (tmp_path / "backup" / "backup.json").exists()
    kept = [path.read_bytes() for path in tmp_path.glob("backup/**/*") if path.is_file()]
    assert SECRET not in kept
    link.unlink()
    assert back_up(home, tmp_path / "backup").files > 1


def test_link_that_comes_while_copying_is_refused(
    home: Home, outside: Path, tmp_path: Path
) -> None:
    """The first look is over by then; each file is looked at once more."""
    file = home.state_dir("default") / "attempts.json"

    def swap(part: str) -> None:
        if part == "state":
            file.unlink()
            file.symlink_to(outside / "secret")

    with pytest.raises(Invalid, match="follows no link"):
        back_up(home, tmp_path / "backup", on_part=swap)
    kept = [path.read_bytes() for path in tmp_path.glob("backup/**/*") if path.is_file()]
    assert SECRET not in kept


def test_name_with_dots_is_no_file_of_the_home(home: Home, outside: Path) -> None:
    """A catalog that was tampered with can name a file by a way out of the lake."""
    way_out = home.lake_dir / ".." / ".." / "outside" / "secret"
    home.lake_dir.mkdir()
    with pytest.raises(Invalid, match="from outside of the home"):
        check_inside(home, way_out)


@pytest.fixture
def backup(home: Home, tmp_path: Path) -> Path:
    back_up(home, tmp_path / "backup")
    return tmp_path / "backup"


def _changed(backup: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    file = backup / "backup.json"
    manifest = msgspec.json.decode(file.read_bytes())
    change(manifest["files"])
    file.write_bytes(msgspec.json.encode(manifest))


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "state/../../evil",
        "state/./evil",
        "state//evil",
        "/evil",
        "",
        ".",
        "evil",
        "restoring",
        "run/serve.lock",
        "state/a\0b",
        "metadata.db",
        "metadata.db/evil",
    ],
)
def test_path_that_is_no_part_of_a_home_is_refused(path: str, backup: Path, tmp_path: Path) -> None:
    """A manifest that was tampered with writes nowhere, not even in the new home."""
    _changed(backup, lambda files: files.append({**files[0], "path": path}))
    again = Home(tmp_path / "again")
    with pytest.raises(Corrupt, match=r"outside of the home|twice"):
        restore(backup, again)
    assert not again.root.exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("digest", ["../../outside/secret", "ab", "A" * 64, "0" * 64 + "\n"])
def test_digest_that_is_a_way_out_is_refused(
    digest: str, backup: Path, outside: Path, tmp_path: Path
) -> None:
    """Objects are found by digest: one with a path in it would copy any file of the machine."""
    _changed(backup, lambda files: files[0].update(digest=digest))
    with pytest.raises(Corrupt, match="manifest of the backup is damaged"):
        restore(backup, Home(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_object_that_is_a_link_is_refused(backup: Path, outside: Path, tmp_path: Path) -> None:
    """Also one that names the right content: nobody knows what it names tomorrow."""
    victim = next(path for path in backup.glob("objects/??/*"))
    shutil.move(victim, outside / "moved")
    victim.symlink_to(outside / "moved")
    with pytest.raises(Corrupt, match="is a link; use another"):
        restore(backup, Home(tmp_path / "again"))


def test_restore_begins_anew_beside_a_link(backup: Path, outside: Path, tmp_path: Path) -> None:
    """What an interrupted restore left is removed; what a link in it names is not."""
    again = Home(tmp_path / "again")
    again.root.mkdir()
    again.restoring_file.touch()
    (again.root / "log").symlink_to(outside)
    restore(backup, again)
    assert (outside / "secret").read_bytes() == SECRET
    assert not (again.root / "log").is_symlink()


def test_directories_that_were_open_are_closed(home: Home, tmp_path: Path) -> None:
    """Made by hand before, as the documents say, with the usual mask."""
    target, again = tmp_path / "backup", tmp_path / "again"
    for directory in (target, again):
        directory.mkdir()
        directory.chmod(0o755)
    back_up(home, target)
    restore(target, Home(again))
    for directory in (target, again):
        assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
