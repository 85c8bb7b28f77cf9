"""The description of the API that the front end's types are made from."""

from __future__ import annotations

import json
from pathlib import Path

from footfall.studio._app import describe

FILE = Path(__file__).parents[2] / "web" / "studio" / "src" / "api" / "openapi.json"


def test_description_is_up_to_date() -> None:
    """The server's answers are the only contract: pages must not be built on yesterday's."""
    mend = "run: python web/studio/scripts/openapi.py && (cd web/studio && npm run generate)"
    assert json.loads(json.dumps(describe())) == json.loads(FILE.read_text()), mend
