"""Renew the list of referrers from a checkout of Matomo's: `tools/write_referrers.py DIRECTORY`.

The list (https://github.com/matomo-org/searchengine-and-social-list, CC0) is on no package registry
that we install from. DIRECTORY has its three YAML files. Their entries replace `search`, `social`
and `ai` in referrers.json; `ours` stays. Look at the difference before committing it: each changed
line is a changed source in people's reports.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "src" / "footfall" / "enrich" / "steps" / "referrers.json"
FILES = {"search": "SearchEngines.yml", "social": "Socials.yml", "ai": "AIAssistants.yml"}
HOST = re.compile(r"(?:\{\}|[^\s/{}.]+)(?:\.(?:\{\}|[^\s/{}.]+))+")
NO_SOURCES = frozenset({"login.live.com", "www.cnn.com", "url.google.com"})
"""Of the list: pages that people come from without anybody having recommended the site."""


def renewed(directory: Path, old: dict[str, Any]) -> dict[str, Any]:
    """The list with what the directory's files say."""
    kinds = {kind: _kind(directory / file) for kind, file in FILES.items()}
    source = {**old["source"], "commits": dict.fromkeys(FILES.values(), _commit(directory))}
    source.pop("note", None)
    return {"source": source, **kinds, "ours": old["ours"]}


def _kind(file: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    entries = yaml.safe_load(file.read_text("utf-8"))
    plain = {_plain(name) for name in entries}
    for name, entry in entries.items():
        hosts = found.setdefault(_name(str(name), plain), [])
        for part in entry:
            urls = part["urls"] if isinstance(part, dict) else [part]
            hosts += [host for url in urls if (host := _host(str(url))) and host not in hosts]
    return {name: hosts for name, hosts in sorted(found.items()) if hosts}


def _plain(name: str) -> str:
    return re.sub(r"[!+]|%2B", "", name).strip().lower()


def _name(name: str, others: set[str]) -> str:
    """Lower case; `Google Images` is `google`."""
    plain = _plain(name)
    first = plain.partition(" ")[0]
    return first if first in others else plain


def _host(url: str) -> str | None:
    """A host without `www.`; nothing for a page of one."""
    url = url.strip().removeprefix("android-app://")
    return None if url in NO_SOURCES or not HOST.fullmatch(url) else url.removeprefix("www.")


def _commit(directory: Path) -> str:
    command = ["git", "-C", str(directory), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main() -> None:
    """Write the file."""
    old = json.loads(FILE.read_text("utf-8"))
    new = renewed(Path(sys.argv[1]), old)
    FILE.write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"wrote {FILE.relative_to(ROOT)}; look at the difference before committing it")


if __name__ == "__main__":
    main()
