"""Types of values: what is written as text with a unit, and what is counted."""

from __future__ import annotations

from typing import Annotated

import msgspec

Duration = Annotated[int, msgspec.Meta(description="duration in microseconds")]
Size = Annotated[int, msgspec.Meta(description="size in bytes")]
Bound = Annotated[int | None, msgspec.Meta(description="size in bytes; None is no bound")]
Age = Annotated[int | None, msgspec.Meta(description="duration; None is for ever")]
Count = Annotated[int, msgspec.Meta(ge=1)]
CountBySize = Annotated[Count | None, msgspec.Meta(description="None follows from a size")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
