"""The collector: HTTP in, the request as it came into the log, the answer when that is durable.

It checks what can be checked without parsing the body (key, origin, sizes, rate) and nothing else;
what a request means is decided later, where a mistake costs a failed event and not an
acknowledgement. A process of its own that imports no engine: no query and no pipeline failure can
delay it. What it takes and answers is said by routes (`footfall.protocols`); those of installed
packages are read in other processes. What each refusal answers is chosen by what the client then
does: `docs/formats/refusals.md`.
"""

from __future__ import annotations

from footfall.collect._run import Collector, run

__all__ = ["Collector", "run"]
