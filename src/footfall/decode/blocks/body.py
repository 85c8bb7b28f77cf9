"""Body bytes as received → JSON bytes: every compression that clients use, within a bound.

Headers are hints. gzip is seen by its magic number whatever the headers say, a body that a proxy
has unpacked already is taken as it is although `Content-Encoding` says otherwise, and the AWS
SDKs' `compression=gzip` (base64 text of gzip) is seen by its first byte. What a body may unpack to
follows from what was received (`unpacked_bytes_max`), layer by layer: a bomb costs at most that,
whatever its size would be.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.inflate import GZIP_MAGIC, inflate
from footfall.event import FailureReason
from footfall.project import mask_server_keys
from footfall.request import Request
from footfall.settings import DecodeSettings

BOM: Final = b"\xef\xbb\xbf"
LAYERS_MAX: Final = 4
"""Compressions and base64 inside each other; SDKs use two, a proxy may add one."""
UNPACKED_BYTES_FREE: Final = 256 << 10
"""What every body may unpack to, however small it is: events of a test are often all the same."""

_WHITE_SPACE: Final = b" \t\n\r\x0b\x0c"
_BASE64: Final = (
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"  # both alphabets
    b"+/-_="
)
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def unpacked_bytes_max(body_bytes: int, settings: DecodeSettings) -> int:
    """What a body of `body_bytes` may unpack to.

    Events of SDKs become ten to sixty times smaller; each has an id of its own, and ids do not
    compress.
    """
    earned = max(UNPACKED_BYTES_FREE, settings.inflated_ratio_max * body_bytes)
    return min(settings.inflated_bytes_max, earned)


def open_body(request: Request, settings: DecodeSettings, *, base64_gzip: bool = False) -> bytes:
    """The text of the body, without byte order mark; not yet known to be JSON or UTF-8.

    Server keys in it are masked: the log has a body as it was sent, tables never have a key.

    Args:
        request: Whose body.
        settings: `inflated_bytes_max` and `inflated_ratio_max` bound the result.
        base64_gzip: Also take base64 text of gzip, which AWS Clickstream SDKs send.

    Raises:
        Fault: BODY_TOO_LARGE, when the collector cut the body or it inflates beyond the limit;
            BAD_ENCODING, when it cannot be decompressed.
    """
    body = request.body
    if request.body_bytes > len(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            "body is over the collector's limit and was cut; send fewer events in a request:"
            f" bytes={request.body_bytes}",
        )
    if len(body) > settings.inflated_bytes_max:
        raise _too_large(settings.inflated_bytes_max, settings)
    layers = _Layers(body, settings)
    encodings = request.header("content-encoding")
    if encodings is not None:
        layers.undo_encodings(encodings)
    layers.undo_gzip()
    if base64_gzip:
        layers.undo_base64()
    return mask_server_keys(layers.body.removeprefix(BOM))


def looks_like_json(body: bytes) -> bool:
    """Whether the first byte that counts opens an array or an object."""
    start = body[:256].removeprefix(BOM).lstrip()
    return start[:1] in (b"[", b"{")


class _Layers:
    """A body that is unpacked layer by layer."""

    def __init__(self, body: bytes, settings: DecodeSettings) -> None:
        self.body = body
        self._settings = settings
        self._limit = unpacked_bytes_max(len(body), settings)
        self._left = LAYERS_MAX

    def undo_encodings(self, encodings: str) -> None:
        """Undo what `Content-Encoding` says."""
        names = [name.strip().lower() for name in encodings.split(",")]
        names = [name for name in names if name not in ("", "identity")]
        if len(names) > LAYERS_MAX:
            raise Fault(FailureReason.BAD_ENCODING, f"more than {LAYERS_MAX} content encodings")
        for name in reversed(names):
            try:
                self._undo(name)
            except Fault as fault:
                if fault.reason is FailureReason.BAD_ENCODING and looks_like_json(self.body):
                    return  # a proxy unpacked it and left the header standing
                raise

    def undo_gzip(self) -> None:
        """Undo gzip, as often as it is there."""
        while self.body.startswith(GZIP_MAGIC):
            self._undo("gzip")

    def undo_base64(self) -> None:
        """Take base64 of gzip as the AWS SDKs' compressed bodies are; JSON passes as it is."""
        if looks_like_json(self.body):
            return
        packed = self.body.removeprefix(BOM).translate(None, _WHITE_SPACE)
        if not packed or packed.translate(None, _BASE64):
            return  # neither; what it is not will be told by the JSON decoder
        packed = packed.rstrip(b"=").translate(_TO_STANDARD)
        try:
            unpacked = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
        except (binascii.Error, ValueError):
            return
        if unpacked.startswith(GZIP_MAGIC):
            self._take_layer()
            self.body = unpacked
            self.undo_gzip()
        elif looks_like_json(unpacked):
            self.body = unpacked

    def _undo(self, name: str) -> None:
        self._take_layer()
        inflated = inflate(name, self.body, self._limit)
        if len(inflated) > self._limit:
            raise _too_large(self._limit, self._settings)
        self.body = inflated

    def _take_layer(self) -> None:
        if not self._left:
            raise Fault(FailureReason.BAD_ENCODING, f"compressed more than {LAYERS_MAX} times")
        self._left -= 1


def _too_large(limit: int, settings: DecodeSettings) -> Fault:
    if limit < settings.inflated_bytes_max:
        message = (
            "body is far larger after decompression; send events that differ, or uncompressed:"
            f" inflated_ratio_max={settings.inflated_ratio_max} bytes_max={limit}"
        )
    else:
        message = (
            "body is too large after decompression; send fewer events in a request:"
            f" inflated_bytes_max={limit}"
        )
    return Fault(FailureReason.BODY_TOO_LARGE, message)
