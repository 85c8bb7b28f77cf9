"""The wheel's build hook: build the front end where its sources are, and refuse to go without it.

A wheel without pages would install and start and show nothing; so a missing index.html ends the
build. Editable installs (`make setup`) need no pages and are left alone.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    """Makes sure that src/footfall/studio/static/index.html is in the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are collected.

        Raises:
            RuntimeError: the front end is missing and cannot be built; the message says what to do.
        """
        del build_data
        if version == "editable":
            return
        root = Path(self.root)
        if (root / "web" / "studio" / "package.json").is_file():
            web = _load(root / "tools" / "web.py")
            if web.build(web.STUDIO) != 0:
                raise RuntimeError("the front end could not be built; see the lines above")
        index = root / "src" / "footfall" / "studio" / "static" / "index.html"
        if not index.is_file():
            raise RuntimeError(f"no front end to put in the wheel; run make studio first: {index}")


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("footfall_tools_web", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
