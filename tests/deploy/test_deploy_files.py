"""Files of deploy/ that need an engine to run are held against what they speak of."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from footfall.app import PARTS
from footfall.settings import load_settings
from tests.system.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
UNITS = sorted((ROOT / "deploy/systemd").iterdir())


class Instruction(NamedTuple):
    """One line of a Dockerfile, continued ones joined."""

    name: str
    text: str


def _instructions() -> list[Instruction]:
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [Instruction(*line.split(None, 1)) for line in lines if line.strip()]


def _texts(name: str) -> list[str]:
    return [found.text for found in _instructions() if found.name == name]


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def test_image_is_built_from_files_that_are_there() -> None:
    """Each COPY from the checkout exists, or is the wheel; the ignore file lets in just these."""
    copied = [text.split()[0] for text in _texts("COPY") if not text.startswith("--from")]
    wheel = f"dist/footfall-{_version()}-py3-none-any.whl"
    for path in copied:
        assert (ROOT / path).is_file() or fnmatch(wheel, path), path
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().split()
    assert ignored == ["*", *(f"!{path}" for path in copied)]


def test_image_runs_as_nobody_special_with_locked_packages() -> None:
    """What the image promises: hashes for every package, no root, no shell in the command."""
    installs = [text for text in _texts("RUN") if "pip install" in text]
    assert len(installs) == 2
    assert "--require-hashes -r /build/runtime.lock" in installs[0]
    assert "--no-deps" in installs[1]
    names = [found.name for found in _instructions()]
    assert _texts("USER") == ["10001:10001"]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    for name in ("ENTRYPOINT", "CMD"):
        (text,) = _texts(name)
        assert isinstance(json.loads(text), list)
    bases = _texts("FROM")
    assert {base.split()[0] for base in bases} == {bases[-1]}
    assert ":" in bases[-1]
    assert not bases[-1].endswith(":latest")


def _environment() -> dict[str, str]:
    (text,) = _texts("ENV")
    return dict(pair.split("=", 1) for pair in text.split())


def test_environment_of_the_image_is_valid() -> None:
    """A setting that was renamed would stop every container at its start."""
    settings = load_settings(environ=_environment())
    assert settings.collector.host == "0.0.0.0"  # noqa: S104 (the container's own network)
    assert [str(settings.collector.port)] == _texts("EXPOSE")
    assert _environment()["FOOTFALL_HOME"] in _texts("VOLUME")


@pytest.mark.slow
def test_health_check_of_the_image_tells_sick_from_well(tmp_path: Path) -> None:
    """Run as it is written, against a real server on another port, and against none."""
    (text,) = _texts("HEALTHCHECK")
    command = json.loads(text.partition("CMD ")[2])
    assert command[0] == "python"
    tree = Tree(tmp_path / "home", "--no-studio")
    tree.start()

    def check() -> int:
        code = command[2].replace("http://127.0.0.1:7700", url)
        assert code != command[2]
        done = subprocess.run(
            [sys.executable, *command[1:2], code], capture_output=True, timeout=30, check=False
        )
        return done.returncode

    url = tree.collector_url()
    try:
        assert check() == 0
    finally:
        assert tree.stop() == 0
    assert check() != 0


def test_compose_file_fits_the_image() -> None:
    """Paths, port and volume are those of the Dockerfile; nothing is given that is not needed."""
    text = (ROOT / "deploy/docker/compose.yaml").read_text()
    folder = ROOT / "deploy/docker"
    context = re.search(r"context: (\S+)", text)
    dockerfile = re.search(r"dockerfile: (\S+)", text)
    assert context is not None
    assert dockerfile is not None
    assert (folder / context[1]).resolve() == ROOT
    assert (ROOT / dockerfile[1]) == DOCKERFILE
    assert f'"{_texts("EXPOSE")[0]}:{_texts("EXPOSE")[0]}"' in text
    assert f"footfall-data:{_environment()['FOOTFALL_HOME']}" in text
    assert "read_only: true" in text
    assert "privileged" not in text
    compose = shutil.which("docker-compose")
    if compose is not None:
        command = [compose, "-f", str(folder / "compose.yaml"), "config", "--quiet"]
        subprocess.run(command, check=True, timeout=60)


def test_compose_file_of_the_roles_runs_each_and_asks_how_it_is() -> None:
    """Verbs exist, settings are valid, and each health check asks where that role answers."""
    text = (ROOT / "deploy/docker/compose.roles.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    assert tuple(services) == PARTS
    for name, service in services.items():
        assert service["command"] == [name]
        environ = {**_environment(), **service.get("environment", {})}
        settings = load_settings(environ=environ)
        answers = {
            "collector": f"127.0.0.1:{settings.collector.port}/ready",
            "worker": f"{settings.pipeline.health_address}/health",
            "studio": f"{settings.studio.host}:{settings.studio.port}/health",
        }
        kind, program, option, code = service["healthcheck"]["test"]
        assert (kind, program, option) == ("CMD", "python", "-c")
        assert f"http://{answers[name]}'" in code
        compile(code, name, "exec")
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_ones_that_systemd_understands(unit: Path, tmp_path: Path) -> None:
    """Verified by systemd itself, with the command at a place where it exists."""
    command = tmp_path / "footfall"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    for other in UNITS:
        text = other.read_text().replace("/opt/footfall/bin/footfall", str(command))
        (tmp_path / other.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "footfall" in line]
    assert (done.returncode, told) == (0, [])


@pytest.mark.parametrize("name", ["footfall.service", "footfall@.service"])
def test_service_is_confined(name: str) -> None:
    """Systemd's own score: below 2 is OK, and a line that is lost shows at once."""
    unit = ROOT / "deploy/systemd" / name
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_commands_of_the_units_exist() -> None:
    """A verb or an option that was renamed would be found at three in the morning."""
    for unit in UNITS:
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE):
            program, verb, *arguments = line.split()
            assert program == "/opt/footfall/bin/footfall"
            for instance in PARTS if verb == "%i" else (verb,):
                command = [sys.executable, "-m", "footfall.cli.main", instance, "--help"]
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=60, check=False
                )
                assert done.returncode == 0
                for option in (a for a in arguments if a.startswith("--")):
                    assert option in done.stdout


def test_settings_of_the_units_exist() -> None:
    """A setting that was renamed would keep every role from starting."""
    for unit in UNITS:
        found = re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE)
        environ = dict(pair.split("=", 1) for pair in found)
        load_settings(environ=environ)
        assert ("@" in unit.name) == bool(environ)
