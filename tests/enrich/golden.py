"""Golden files: every row that the captured traffic becomes, after decoding and enrichment.

`python -m tests.enrich.golden` writes them anew. Look at the difference before committing it: each
changed line is a changed row in people's tables.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from footfall.decode import decode
from footfall.enrich import enrich
from footfall.settings import load_settings
from tests.decode.builders import CAPTURES, captured

NAMES = ("immediate", "batch")


def golden_file(name: str) -> Path:
    return CAPTURES / f"aws-clickstream-web.{name}.golden.json"


def rows(name: str) -> list[dict[str, Any]]:
    """Rows of a capture, without nulls, as JSON shows them."""
    settings = load_settings()
    decoded = decode(captured(name), settings.decode)
    assert decoded.ledger.problems() == []
    assert decoded.failures.num_rows == 0
    enriched = enrich(decoded.events, settings.clock)
    assert enriched.failures.num_rows == 0
    return [
        {column: shown(value) for column, value in row.items() if value is not None}
        for row in enriched.events.to_pylist()
    ]


def shown(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal) else value


def text(name: str) -> str:
    return json.dumps(rows(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in NAMES:
        golden_file(each).write_text(text(each), "utf-8")
