"""Continuous queries: a saved SELECT, asked of each window that is over, again when it changes.

A consumer finds in each epoch which windows it changed (`windows`), notes them durably (`pending`)
and, once the watermark is past a window's end, asks the SELECT of its rows with a query worker
(`asking`). Each answer is a row of the lake's table `query_results`; one that is the same as before
is not written again. After everything the newest revision of every window is the SELECT over the
tables. `results` reads them: docs/concepts/continuous.md. Light to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.continuous.checking import check_query
    from footfall.continuous.examples import EXAMPLES
    from footfall.continuous.reading import WindowResult, results, results_statement, to_result

__all__ = ["EXAMPLES", "WindowResult", "check_query", "results", "results_statement", "to_result"]

_PLACES = {
    "EXAMPLES": "examples",
    "WindowResult": "reading",
    "check_query": "checking",
    "results": "reading",
    "results_statement": "reading",
    "to_result": "reading",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
