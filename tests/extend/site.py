"""Packages laid out as installers do, in a directory of the test's own."""

from __future__ import annotations

from pathlib import Path


def install(
    site: Path,
    package: str,
    entry_points: str,
    module: str,
    group: str = "footfall.protocols",
) -> Path:
    """A package of one module; the directory to put on the path.

    Args:
        site: Where packages lie.
        package: Its name; the module has the same with underscores.
        entry_points: Lines of the group, `"name = module:object"`.
        module: Its text.
        group: What it brings.
    """
    name = package.replace("-", "_")
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry_points}\n")
    (site / f"{name}.py").write_text(module, "utf-8")
    return site
