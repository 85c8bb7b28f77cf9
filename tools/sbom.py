"""What a wheel needs, as CycloneDX JSON beside it: `python tools/sbom.py [directory]`.

Made of the lock files alone, so it says what was tested and needs no network: Python packages with
the hashes of their files, those of the front end, which is inside the wheel, with theirs. Licenses
are what the installed packages and the lock say. The same sources give the same bytes.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, NamedTuple

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
PYTHON_LOCK = ROOT / "requirements" / "runtime.lock"
NODE_LOCK = ROOT / "web" / "studio" / "package-lock.json"
LICENSE_CHARS_MAX = 100
"""Longer texts in the field are the license itself, not its name."""

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CLASSIFIER = "License :: OSI Approved :: "


class Package(NamedTuple):
    """One package that ships or is needed."""

    kind: str
    """`pypi` or `npm`."""
    name: str
    version: str
    hashes: tuple[HashType, ...]
    licenses: tuple[License | Any, ...]
    marker: str = ""
    """Where it is needed; empty: everywhere."""


def main() -> int:
    """Write the list; its path is told."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"footfall-{project()['version']}.cdx.json"
    file.write_text(sbom(), "utf-8")
    print(f"sbom: {file}")
    return 0


def sbom() -> str:
    """The document."""
    about = project()
    sources = PYTHON_LOCK.read_text("utf-8") + NODE_LOCK.read_text("utf-8")
    root = Component(
        name=about["name"],
        version=about["version"],
        type=ComponentType.APPLICATION,
        description=about["description"],
        licenses=[LicenseFactory().make_from_string(about["license"])],
        purl=PackageURL("pypi", None, about["name"], about["version"]),
        bom_ref=about["name"],
    )
    name = f"{about['name']} {about['version']} {sources}"
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, name))
    bom.metadata.component = root
    components = [component(package) for package in (*python_packages(), *node_packages())]
    for one in components:
        bom.components.add(one)
    bom.register_dependency(root, components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # of the run, not of the sources
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def project() -> dict[str, str]:
    """Table `project` of pyproject.toml."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])


def component(package: Package) -> Component:
    """The package as CycloneDX has it."""
    group, _, name = package.name.rpartition("/")
    purl = PackageURL(package.kind, group or None, name, package.version)
    marker = [Property(name="footfall:marker", value=package.marker)] if package.marker else []
    return Component(
        name=name,
        group=group or None,
        version=package.version,
        type=ComponentType.LIBRARY,
        hashes=package.hashes,
        licenses=package.licenses,
        purl=purl,
        bom_ref=purl.to_string(),
        properties=marker,
    )


def python_packages() -> Iterator[Package]:
    """Everything in the lock of what runs, also what only other platforms need."""
    text = PYTHON_LOCK.read_text("utf-8")
    found = list(_PINNED.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=True):
        name, version, marker = match.groups()
        hashes = tuple(
            HashType(alg=HashAlgorithm.SHA_256, content=digest)
            for digest in _HASH.findall(text, match.end(), end)
        )
        yield Package("pypi", name, version, hashes, python_licenses(name), marker or "")


def python_licenses(name: str) -> tuple[Any, ...]:
    """What the installed package says; nothing of one that is not installed here."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ()
    texts = (about[key] for key in ("License-Expression", "License") if key in about)
    text = next(filter(None, texts), "")
    if text and len(text) <= LICENSE_CHARS_MAX and "\n" not in text:
        return (LicenseFactory().make_from_string(text),)
    names = [
        value.removeprefix(_CLASSIFIER)
        for value in about.get_all("Classifier") or ()
        if value.startswith(_CLASSIFIER)
    ]
    return tuple(LicenseFactory().make_from_string(one) for one in names)


def node_packages() -> Iterator[Package]:
    """Everything in the lock of the front end that is no tool: it may be in its bundle."""
    lock = json.loads(NODE_LOCK.read_text("utf-8"))
    for path, entry in sorted(lock["packages"].items()):
        if not path or entry.get("dev") or entry.get("devOptional"):
            continue
        algorithm, _, digest = entry["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        hashes = (HashType(alg=HashAlgorithm[f"SHA_{algorithm[3:]}"], content=content),)
        licenses = (LicenseFactory().make_from_string(entry["license"]),)
        name = path.rpartition("node_modules/")[2]
        yield Package("npm", name, entry["version"], hashes, licenses)


if __name__ == "__main__":
    sys.exit(main())
