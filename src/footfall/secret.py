"""A text that is shown nowhere."""

from __future__ import annotations


class Secret:
    """Masks itself in messages, logs and dumps; `shown` is for who needs the text itself."""

    __slots__ = ("shown",)

    shown: str

    def __init__(self, shown: str = "") -> None:
        """Hold `shown`; an empty one is none."""
        self.shown = shown

    def __bool__(self) -> bool:
        return bool(self.shown)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.shown == other.shown

    def __hash__(self) -> int:
        return hash(self.shown)

    def __repr__(self) -> str:
        return "Secret(***)" if self else "Secret()"
