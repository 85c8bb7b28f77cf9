"""The pipeline's epoch on many machines: the same functions, the same rows, another engine.

A *driver* plans epochs as the embedded pipeline does and is the only one that commits. The work of
an epoch is divided into slices of the log, buckets of event ids and buckets of visitors, and done
by *executors*: those of Apache Spark, or a loop in this process. They call `prepare`, `admit`,
`settle` and `finish` themselves, so there is one implementation of each rule, and rows, ids,
sessions and ledgers equal those of the embedded pipeline. What runs where: docs/operate/spark.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.runner._run import run
    from footfall.runner.engine import Engine, LocalEngine
    from footfall.runner.spark import SparkEngine

__all__ = ["Engine", "LocalEngine", "SparkEngine", "run"]

_PLACES = {"Engine": "engine", "LocalEngine": "engine", "SparkEngine": "spark", "run": "_run"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
