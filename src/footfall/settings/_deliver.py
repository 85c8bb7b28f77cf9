"""Section `[deliver]`: files that are written of what comes in, by destination."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.secret import Secret
from footfall.settings.kinds import Duration, Size, parse_duration, parse_size

FileFormat = Literal["jsonl", "json", "csv", "parquet"]
Compression = Literal["none", "gzip", "zstd"]

MEGABYTE: Final = 1 << 20
BUFFER_BYTES: Final = (MEGABYTE, 128 * MEGABYTE)
BUFFER_AGE: Final = (60 * SECOND, 900 * SECOND)
SETTLE_MAX: Final = HOUR
DESTINATIONS_MAX: Final = 20
COLUMNS_MAX: Final = 200
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NAMED: Final = ("sessions", "query_results")
_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9_=.-]+/)*[A-Za-z0-9_=.-]*")
_TOKENS: Final = ("YYYY", "MM", "DD", "HH")
_TIMES: Final = re.compile(r"(?<![A-Za-z])(?:y{2,4}|mm|dd|hh|ss)+(?![A-Za-z])", re.IGNORECASE)
"""What is meant as a time."""
_BUCKET: Final = re.compile(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9/_.=-]*[A-Za-z0-9_.=-])?"
)
_KINDS: Final = {"format": get_args(FileFormat), "compression": get_args(Compression)}
_DURATIONS: Final = ("buffer_age", "settle")
TEXT_MAX: Final = 512


class DestinationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[deliver.destinations.<name>]`."""

    source: str
    """`requests`, `events`, `sessions`, or any other table of the lake."""
    app: str = ""
    """Only of this app; empty: of all."""
    definition: str = ""
    """Of sessions, which definition; empty: the default one. Of `query_results`, which query;
    empty: all."""
    format: FileFormat = "jsonl"
    """`jsonl`: a JSON object a line. `json`: objects one after another, nothing between them."""
    compression: Compression = "none"
    """Of Parquet, that of its pages."""
    place: str = ""
    """Absolute path of a directory, or `s3://bucket/prefix`; empty: `delivered/<name>` in the
    home."""
    prefix: str = "YYYY/MM/DD/HH/"
    """What a file's name begins with below the place: YYYY, MM, DD and HH are those of when it was
    closed, UTC."""
    buffer_bytes: Size = 5 * MEGABYTE
    """A file is closed once it has this many bytes before compression, 1 to 128 MiB …"""
    buffer_age: Duration = 5 * MINUTE
    """… or once its first record is this old, 60 to 900 s, whichever comes first."""
    columns: dict[str, str] = {}
    """Name in the file → column, or `column.key` of one with JSON; empty: all as they are."""
    leave_out: tuple[str, ...] = ()
    """Columns that are not written, where `columns` is empty."""
    header: bool = True
    """Whether a CSV file begins with the names of its columns."""
    settle: Duration = MINUTE
    """How long a closed session is kept back for late events: with its next revision in that time
    only the later one is written. 0 to 1 h."""


class DeliverSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[deliver]`."""

    destinations: dict[str, DestinationSettings]
    s3_endpoint: str
    s3_region: str
    s3_access_key: Secret
    s3_secret_key: Secret
    s3_path_style: bool


class Mistakes(ValueError):  # noqa: N818 (read as what they are)
    """Several of one setting, a sentence each in `args`."""

    def __str__(self) -> str:
        return "; ".join(map(str, self.args))


def read_destinations(value: Any) -> dict[str, DestinationSettings]:
    """The tables `[deliver.destinations.<name>]`.

    Raises:
        ValueError: what is wrong with it, and what is valid.
        Mistakes: what is wrong with each that is wrong.
    """
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 (a person's mistake, told as all are)
            "a table for each destination, such as [deliver.destinations.clicks]"
        )
    if len(value) > DESTINATIONS_MAX:
        raise ValueError(f"at most {DESTINATIONS_MAX} destinations, not {len(value)}")
    found: dict[str, DestinationSettings] = {}
    problems: list[Any] = []
    for name, one in value.items():
        try:
            found[name] = read_destination(name, one)
        except Mistakes as error:
            problems += error.args
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise Mistakes(*problems)
    return found


def read_destination(name: str, options: Any) -> DestinationSettings:
    """One of them.

    Raises:
        ValueError: what is wrong, and what is valid; `Mistakes` if that may be several.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            "a destination's name has lower-case letters, digits, _ and -, a letter first, 40 at"
            f" most; not {name!r}"
        )
    fields = DestinationSettings.__struct_fields__
    if not isinstance(options, dict) or not isinstance(options.get("source"), str):
        raise ValueError(  # noqa: TRY004 (a person's mistake)
            f'{name}: source is missing: "requests", "events", "sessions" or a table'
        )
    if unknown := sorted(set(options) - set(fields)):
        raise ValueError(f"{name}: no option {unknown[0]!r}; there are {', '.join(fields)}")
    read = dict(options)
    try:
        for option in _DURATIONS:
            if option in read:
                read[option] = _parsed(option, read[option], '"60s"', parse_duration)
        if "buffer_bytes" in read:
            size = read["buffer_bytes"]
            read["buffer_bytes"] = _parsed("buffer_bytes", size, '"5MiB"', parse_size)
        for option, kinds in _KINDS.items():
            if option in read and read[option] not in kinds:
                raise ValueError(f"{option} is {', '.join(kinds)}; not {read[option]!r}")
        found = msgspec.convert(read, DestinationSettings)
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{name}: {error}") from None
    if problems := [f"{name}: {problem}" for problem in _wrong_with(found)]:
        raise Mistakes(*problems)
    return found


def _parsed(option: str, value: Any, example: str, parse: Callable[[str], int]) -> int:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 (a person's mistake)
            f"{option} is a text with a unit, such as {example}, not {value!r}"
        )
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{option} is {error}") from None


def _wrong_with(one: DestinationSettings) -> Iterable[str]:
    if not _TABLE.fullmatch(one.source):
        yield f"source is requests, events, sessions or another table's name, not {one.source!r}"
    if one.definition and (one.source not in _NAMED or not _TABLE.fullmatch(one.definition)):
        yield (
            "definition is the name of a session definition with source sessions, of a continuous"
            " query with source query_results, and goes with no other"
        )
    if not one.header and one.format != "csv":
        yield f"header goes with CSV, not with {one.format}"
    yield from _beyond_bounds(one)
    yield from _wrong_place(one)
    yield from _wrong_columns(one)


def _beyond_bounds(one: DestinationSettings) -> Iterable[str]:
    if not BUFFER_BYTES[0] <= one.buffer_bytes <= BUFFER_BYTES[1]:
        yield f"buffer_bytes is 1MiB to 128MiB, not {one.buffer_bytes} bytes"
    if not BUFFER_AGE[0] <= one.buffer_age <= BUFFER_AGE[1]:
        yield f"buffer_age is 60s to 900s, not {one.buffer_age / SECOND:g} s"
    if one.settle > SETTLE_MAX:
        yield f"settle is at most 1h, not {one.settle / SECOND:g} s"


def _wrong_place(one: DestinationSettings) -> Iterable[str]:
    is_bucket = one.place.startswith("s3:")
    if "@" in one.place:  # a key may be in it, so it is not said again
        yield (
            "place has no @: keys of a store are settings, FOOTFALL__DELIVER__S3_ACCESS_KEY and"
            " FOOTFALL__DELIVER__S3_SECRET_KEY"
        )
        return
    if is_bucket and not _BUCKET.fullmatch(one.place):
        yield f"place is s3://bucket/prefix without a slash at its end, not {one.place!r}"
    if one.place and not is_bucket:
        path = Path(one.place)
        if not path.is_absolute() or ".." in path.parts:
            yield f"place is an absolute path or s3://bucket/prefix, not {one.place!r}"
    if not _PREFIX.fullmatch(one.prefix) or ".." in one.prefix or len(one.prefix) > TEXT_MAX:
        yield (
            "prefix has letters, digits and / _ = . - only, no slash first and no .., such as"
            f" YYYY/MM/DD/HH/, not {one.prefix!r}"
        )
    for found in _TIMES.findall(one.prefix):
        if found not in _TOKENS:
            yield (
                f"prefix knows {', '.join(_TOKENS)}, in capitals and apart from one another; not"
                f" {found!r}"
            )


def _wrong_columns(one: DestinationSettings) -> Iterable[str]:
    if len(one.columns) > COLUMNS_MAX:
        yield f"columns are at most {COLUMNS_MAX}, not {len(one.columns)}"
    if one.columns and one.leave_out:
        yield "columns names what is written, so leave_out says nothing; give one of them"
    if not all([*one.columns, *one.columns.values(), *one.leave_out]):
        yield "columns have names that are not empty"
