"""What somebody gave a recipe: each option held to its range, and every mistake told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.cli._common import open_home
from footfall.cli.demos.homes import DEFAULT_HOME
from footfall.clock import SECOND
from footfall.errors import Invalid
from footfall.home import Home
from footfall.project import ID_PATTERN
from footfall.settings import parse_duration, parse_size, read_destination

EVENTS_MAX: Final = 1_000_000
_MEBIBYTE: Final = 1 << 20


class Given:
    """Reads options; `check` raises for all that were wrong together."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.problems: list[str] = []

    def whole(self, option: str, number: int, least: int, most: int) -> None:
        """A whole number of a range."""
        if not least <= number <= most:
            self.problems.append(f"{option} is {least:,} to {most:,}, not {number:,}")

    def duration(self, option: str, text: str, least: int, most: int) -> int:
        """Microseconds, of a range of them."""
        shown = f"{least // SECOND}s to {most // SECOND}s"
        return self._quantity(option, text, parse_duration, least, most, shown)

    def buffers(self, age: str, size: str) -> None:
        """When a file is closed: Firehose's own ranges."""
        self.duration("--buffer-age", age, 60 * SECOND, 900 * SECOND)
        least, most = _MEBIBYTE, 128 * _MEBIBYTE
        self._quantity("--buffer-size", size, parse_size, least, most, "1MiB to 128MiB")

    def place(self, bucket: str, prefix: str = "") -> str:
        """Where files go: the bucket and its prefix without a slash at its end, or "".

        Args:
            bucket: As `s3://bucket/prefix`; "" for the home.
            prefix: What files' names begin with.
        """
        bucket = bucket.rstrip("/")
        if bucket and not bucket.startswith("s3://"):
            self.problems.append(f"--bucket is s3://bucket/prefix, not {bucket}")
        else:
            self._destination("--bucket", place=bucket)
        self._destination("--prefix", prefix=prefix)
        return bucket

    def app(self, option: str, text: str) -> None:
        """The id of an app."""
        if not ID_PATTERN.match(text):
            self.problems.append(f"{option} has letters, digits and .-_ only: {text!r}")

    def check(self) -> None:
        """Go on if nothing is wrong.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        if self.problems:
            raise Invalid("nothing was started; mend these options:", tuple(self.problems))

    def _destination(self, option: str, **told: str) -> None:
        try:
            read_destination("x", {"source": "events", **told})
        except ValueError as error:
            self.problems.append(f"{option}: {str(error).removeprefix('x: ')}")

    def _quantity(
        self,
        option: str,
        text: str,
        parse: Callable[[str], int],
        least: int,
        most: int,
        shown: str,
    ) -> int:
        try:
            found = parse(text)
        except ValueError as error:
            self.problems.append(f"{option} is {shown}: {error}")
            return least
        if not least <= found <= most:
            self.problems.append(f"{option} is {shown}, not {text}")
        return found


def home_of(given: Path | None, name: str) -> Home:
    """The home of a recipe's demo; by default a folder here, named after it."""
    return open_home(Path(f"{DEFAULT_HOME}-{name}") if given is None else given)
