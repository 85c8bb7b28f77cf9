"""What a pool and its workers say to each other, on the worker's standard input and output.

A frame is a 4-byte big-endian length, that many bytes of a MessagePack message, and, if the message
says so, `body_bytes` bytes of an answer's body as they are. One question, then one reply; a worker
never speaks first except to say that it is ready.

    pool   → worker   Start            first and once: secrets and lists are no arguments
    pool   → worker   Question
    worker → pool     Ready | Answer + body | Refusal
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from footfall import errors
from footfall.errors import FootfallError, Invalid
from footfall.lake.store.options import Bucket
from footfall.query.definitions import Definitions

Format = Literal["rows", "json", "csv", "parquet", "arrow"]
"""`rows`: a JSON array of arrays; `json`: a JSON array of objects; `arrow`: an IPC stream."""

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values for `?` (or `$1`), or for `$name`: null, true, 1, 1.5, "text", bytes, date, datetime."""

LENGTH: Final = struct.Struct(">I")
MESSAGE_BYTES_MAX: Final = 16 << 20
"""Bound of a message without its body: a damaged length must not allocate the machine."""
START_BYTES_MAX: Final = 256 << 20
"""As `MESSAGE_BYTES_MAX`, of `Start`, which names every file of every table."""


class Start(msgspec.Struct, tag="start", frozen=True):
    """What a worker needs before it gives up everything else."""

    bucket: Bucket | None
    """Where data files are, if not in the home."""
    definitions: Definitions
    token_directories: tuple[str, ...] = ()
    """Where files with credentials lie, which are replaced now and then."""


class Question(msgspec.Struct, tag="question", frozen=True):
    """One statement to run."""

    sql: str
    parameters: tuple[Any, ...] | dict[str, Any]
    format: Format
    rows_max: int
    bytes_max: int


class Column(msgspec.Struct, frozen=True):
    """A column of an answer."""

    name: str
    type: str
    """Its SQL type."""


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The worker has started and takes questions."""

    is_confined: bool
    """The kernel keeps it from writing files and from the network, whatever a statement does."""


class Head(msgspec.Struct, tag="answer", frozen=True):
    """An answer without its body."""

    columns: tuple[Column, ...]
    rows: int
    is_cut_off: bool
    cut_sequence: int
    cut_published_at: int
    body_bytes: int


class Refusal(msgspec.Struct, tag="refusal", frozen=True):
    """A statement without an answer."""

    code: str
    """`code` of one of `footfall.errors`."""
    message: str
    is_final: bool = False
    """The worker ends after this: its engine is not to be trusted any more."""


class Answer(msgspec.Struct, frozen=True):
    """What a statement found."""

    columns: tuple[Column, ...]
    rows: int
    is_cut_off: bool
    """There was more than the limit of rows or bytes; `rows` is what is here."""
    cut_sequence: int
    """Which cut it saw."""
    cut_published_at: int
    """When that cut was published, microseconds since 1970 UTC."""
    body: bytes
    """In the format asked for."""


Reply = Ready | Head | Refusal

_encoder = msgspec.msgpack.Encoder()
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_questions = msgspec.msgpack.Decoder(Question)


def encode(message: Question | Reply | Start) -> bytes:
    """Length and message; a body follows as it is.

    Raises:
        Invalid: a parameter is of a type that cannot be sent.
    """
    try:
        data = _encoder.encode(message)
    except (TypeError, OverflowError, msgspec.MsgspecError) as error:
        raise Invalid(f"a parameter is of a type that SQL has no form for: {error}") from error
    if isinstance(message, Start):
        if len(data) > START_BYTES_MAX:
            raise Invalid(
                "the catalog's tables have too many files for a query worker; lower"
                f" catalog.files_max, or remove a crawl: bytes={len(data)}"
            )
    elif len(data) > MESSAGE_BYTES_MAX:
        raise Invalid(f"statement and parameters are too long; send less: bytes={len(data)}")
    return LENGTH.pack(len(data)) + data


def message_bytes(prefix: bytes, bytes_max: int = MESSAGE_BYTES_MAX) -> int:
    """Length of the message after `prefix`.

    Raises:
        ValueError: over the bound; whatever was read is not this protocol.
    """
    (length,) = LENGTH.unpack(prefix)
    if length > bytes_max:
        raise ValueError(f"a message of {length} bytes is over the bound")
    return int(length)


def decode_question(data: bytes) -> Question:
    """Inverse of `encode`, without the length. Raises `msgspec.DecodeError`."""
    return _questions.decode(data)


def decode_reply(data: bytes) -> Reply:
    """Inverse of `encode`, without the length. Raises `msgspec.DecodeError`."""
    return _replies.decode(data)


def refusal_of(error: FootfallError, *, is_final: bool = False) -> Refusal:
    """How an error travels."""
    return Refusal(error.code, str(error), is_final)


def error_of(refusal: Refusal) -> FootfallError:
    """The error that `refusal` stands for."""
    return _KINDS.get(refusal.code, errors.Unavailable)(refusal.message)


_KINDS: Final[dict[str, type[FootfallError]]] = {
    kind.code: kind
    for kind in (errors.Invalid, errors.Unavailable, errors.LimitReached, errors.Corrupt)
}
