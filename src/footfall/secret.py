"""A text that is shown nowhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlparse

from footfall.errors import Invalid


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


def with_password(url: str, password: str, name: str, url_name: str) -> str:
    """`postgresql://user@host/database` with the password in its place; without one as it is.

    Args:
        url: Has a user.
        password: Any characters; "" for none.
        name: Of the password's setting, for the message.
        url_name: Of the address's.

    Raises:
        Invalid: it has no user.
    """
    if not password:
        return url
    address = urlparse(url)
    user, at, host = address.netloc.rpartition("@")
    if not at:
        raise Invalid(f"{name} needs a user in {url_name}: {url}")
    return address._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()
