"""Faults at named moments in processes that know nothing of it: kills, and disks that are full.

`preload.c` stands between a process and the C library, so it sees calls of Python, SQLite and
Arrow alike, and says which rules there are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

SOURCE = Path(__file__).with_name("preload.c")

Action = Literal["before", "after", "within", "full"]
Operation = Literal["open", "create", "write", "sync", "rename", "unlink", "mkdir"]


class Rule(NamedTuple):
    """What happens at a system call; see `preload.c`."""

    action: Action
    process: str
    """A word of its command line, or `*`."""
    operation: Operation
    pattern: str
    """Of absolute paths."""
    count: int = 1

    def __str__(self) -> str:
        return f"{self.action} {self.count} {self.process} {self.operation} {self.pattern}"


class Faults:
    """Rules for all processes that are started with `environ`."""

    def __init__(self, directory: Path) -> None:
        """Build the library below `directory`; nothing is armed."""
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler; .ci/run says how to install one")
        directory.mkdir(parents=True, exist_ok=True)
        library = directory / "preload.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
        subprocess.run([*command, "-o", str(library), str(SOURCE), "-ldl"], check=True)
        self._file = directory / "rules"
        self.preload = {"LD_PRELOAD": str(library)}
        self.environ = {**os.environ, **self.preload, "FAULTS": str(self._file)}

    def arm(self, rules: Iterable[Rule]) -> None:
        """Let these rules, and no others, hold from now on."""
        new = self._file.with_suffix(".new")
        new.write_text("\n".join(map(str, rules)))
        new.replace(self._file)

    def disarm(self) -> None:
        """Let everything go on as it should."""
        self._file.unlink(missing_ok=True)

    @property
    def is_armed(self) -> bool:
        """Whether rules hold; a kill that happened has disarmed them."""
        return self._file.exists()
