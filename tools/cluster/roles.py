"""A role of Footfall in the foreground, on a machine of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from servers.process import Server

Settings = Mapping[str, str | int]
"""By `section.name`."""
FOOTFALL: Final = str(Path(sys.executable).parent / "footfall")
VERB_SECONDS_MAX: Final = 180


SECRETS: Final = ("password", "secret_key")


class Machine:
    """A home with its `footfall.toml`, and what is secret in the environment."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        """Make the home; `directory`, of the machine, is there or not."""
        self.home = directory / "home"
        self.directory = directory
        secrets = {
            f"FOOTFALL__{name.upper().replace('.', '__')}": str(value)
            for name, value in settings.items()
            if _is_secret(name)
        }
        self.variables = {**os.environ, **secrets, "FOOTFALL_HOME": str(self.home)}
        self.home.mkdir(0o700, parents=True, exist_ok=True)
        (self.home / "footfall.toml").write_text(settings_file(settings))

    def verb(self, *arguments: str) -> str:
        """Run a verb here to its end; what it printed.

        Raises:
            RuntimeError: it failed; its message is in the text.
        """
        done = subprocess.run(
            (FOOTFALL, *arguments),
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=VERB_SECONDS_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"footfall {arguments[0]}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement answers here."""
        rows = json.loads(self.verb("sql", statement, "--format", "json"))
        return [tuple(row.values()) for row in rows]


def settings_file(settings: Settings) -> str:
    """Text of a `footfall.toml`, without what is secret."""
    sections: dict[str, list[str]] = {}
    for setting, value in settings.items():
        section, _, name = setting.rpartition(".")
        if not _is_secret(setting):
            sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    return "\n".join("\n".join((f"[{name}]", *lines, "")) for name, lines in sections.items())


def _is_secret(setting: str) -> bool:
    return setting.endswith(SECRETS)


class Role(Server):
    """`footfall collector`, `worker` or `studio`, or `serve`, which answers as its collector."""

    start_seconds_max = 120
    stop_seconds_max = 120

    def __init__(self, machine: Machine, *verb: str) -> None:
        """Start nothing yet; `verb` with its options."""
        super().__init__(machine.directory, verb[0])
        self.machine = machine
        self._verb = verb

    @property
    def url(self) -> str:
        """Where it listens; it says so when it takes work.

        Raises:
            OSError: it has not said so yet.
        """
        part = "collector" if self.name == "serve" else self.name
        ready = self.machine.home / "run" / f"{part}.json"
        return str(json.loads(ready.read_bytes())["url"])

    def command(self) -> Sequence[str]:
        """See `Server.command`."""
        return (FOOTFALL, *self._verb)

    def variables(self) -> Mapping[str, str]:
        """Those of its machine."""
        return self.machine.variables

    def answers(self) -> bool:
        """Whether it takes work."""
        with urllib.request.urlopen(f"{self.url}/ready", timeout=10) as answer:  # noqa: S310
            return bool(answer.status == 200)
