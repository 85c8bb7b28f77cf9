"""A text that is shown nowhere."""

from __future__ import annotations

from typing import Any


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


def reveal(value: Any) -> str:
    """`enc_hook` of msgspec for what another process of ours is told over a pipe; never for a file.

    Without it, encoding a value that holds a secret fails.
    """
    if isinstance(value, Secret):
        return value.shown
    raise NotImplementedError(type(value))


def conceal(kind: type, value: Any) -> Any:
    """`dec_hook` of msgspec: the inverse of `reveal`."""
    if kind is Secret:
        return Secret(value)
    raise NotImplementedError(kind)
