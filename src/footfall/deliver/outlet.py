"""Where files go: below a directory, or in a bucket. Whole or not at all, durable on return."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from footfall.clock import SECOND, random_token
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.home import Home, make_directory, sync_directory
from footfall.lake.store.options import SCHEME, S3Options
from footfall.settings import DestinationSettings, Settings

_TOKEN: Final = re.compile(r"(?<![A-Za-z])(YYYY|MM|DD|HH)(?![A-Za-z])")
_TIMES: Final = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H"}
_AS_ABOVE: Final = 0o777
"""Who may read the files follows from the process's mask: they are made to be fetched by others."""
_PROBE: Final = ".footfall-test-"
_ENDINGS: Final = {"none": "", "gzip": ".gz", "zstd": ".zst"}


class Outlet(Protocol):
    """One place for files."""

    def put(self, path: str, file: BinaryIO) -> None:
        """Write all of `file` under `path`, replacing what is there.

        Raises:
            Unavailable, Invalid, OSError: nothing of it is there, or what was there before.
        """

    def has(self, path: str) -> bool:
        """Whether a file is there; it is then whole, and stays over a power cut."""

    def remove(self, path: str) -> None:
        """Take a file away, if it is there; raises as `put`."""

    def test(self) -> None:
        """Write a small file and take it away again; raises as `put`."""


class Directory:
    """Below a directory of this machine."""

    def __init__(self, place: str) -> None:
        """Make nothing yet."""
        self._place = place

    def put(self, path: str, file: BinaryIO) -> None:
        """By a name of its own first; bytes and name are synced."""
        target = Path(path)
        temporary = target.with_name(f".{target.name}.tmp")
        try:
            make_directory(target.parent, _AS_ABOVE)
            with temporary.open("wb") as out:
                shutil.copyfileobj(file, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(target)
            sync_directory(target.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()  # on a full disk even a part is in the way
            raise Unavailable(
                "a file cannot be written; nothing is lost, see to the place and it goes on:"
                f" {path=} ({(error.strerror or str(error)).lower()})"
            ) from error

    def has(self, path: str) -> bool:
        """See `Outlet`."""
        target = Path(path)
        if not target.exists():
            return False
        sync_directory(target.parent)  # who put it there may have died before this
        return True

    def remove(self, path: str) -> None:
        """See `Outlet`."""
        target = Path(path)
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            sync_directory(target.parent)

    def test(self) -> None:
        """See `Outlet`; the file has no name, and lies above a directory that is to be made."""
        try:
            place = Path(self._place)
            there = next(one for one in (place, *place.parents) if one.exists())
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"\n")
        except OSError as error:
            raise Invalid(
                "files cannot be written there; make the directory, or give the user that"
                f" footfall runs as the right to: place={self._place}"
                f" ({(error.strerror or str(error)).lower()})"
            ) from error


class Bucket:
    """In a store that speaks S3; what it has answered is durable."""

    def __init__(self, place: str, options: S3Options) -> None:
        """Ask nothing yet.

        Raises:
            Invalid: the package for object stores is not installed.
        """
        from footfall.lake.store.objects import ObjectStore

        self._place = place
        self._store = ObjectStore(place, options)

    def put(self, path: str, file: BinaryIO) -> None:
        """In parts, if it is large; the store shows it once it has all."""
        try:
            self._store.write_file(path, file)
        except FootfallError as error:
            raise self._told(error) from error

    def has(self, path: str) -> bool:
        """See `Outlet`."""
        try:
            return self._store.size(path) is not None
        except FootfallError as error:
            raise self._told(error) from error

    def remove(self, path: str) -> None:
        """See `Outlet`."""
        try:
            self._store.delete(path)
        except FootfallError as error:
            raise self._told(error) from error

    def test(self) -> None:
        """See `Outlet`."""
        path = f"{self._place}/{_PROBE}{random_token(8)}"
        self.put(path, io.BytesIO(b"\n"))
        self.remove(path)

    def _told(self, error: FootfallError) -> FootfallError:
        """In the words of these settings; what it is, and whether time mends it, stays."""
        said = str(error).replace("lake.location", "place of the destination")
        return type(error)(said.replace("lake.", "deliver."))


def place_of(name: str, destination: DestinationSettings, home: Home) -> str:
    """Where a destination's files are: a directory, or `s3://bucket/prefix`."""
    return destination.place.rstrip("/") or str(home.root / "delivered" / name)


def outlet_of(place: str, settings: Settings) -> Outlet:
    """How files get to a place.

    Raises:
        Invalid: it is a bucket, and the package for object stores is not installed.
    """
    if not place.startswith(SCHEME):
        return Directory(place)
    own, lake = settings.deliver, settings.lake
    is_own = bool(own.s3_endpoint or own.s3_region or own.s3_access_key)
    chosen = own if is_own else lake
    return Bucket(
        place,
        S3Options(
            chosen.s3_endpoint,
            chosen.s3_region,
            chosen.s3_access_key.shown,
            chosen.s3_secret_key.shown,
            chosen.s3_path_style,
        ),
    )


def file_path(
    name: str,
    place: str,
    destination: DestinationSettings,
    closed_at: int,
    first: int,
    last: int,
    part: int,
) -> str:
    """Where a file goes that was closed at `closed_at` and has records of epochs first to last."""
    moment = datetime.fromtimestamp(closed_at // SECOND, UTC)
    prefix = _TOKEN.sub(lambda found: moment.strftime(_TIMES[found[1]]), destination.prefix)
    ending = f".{destination.format}"
    if destination.format != "parquet":
        ending += _ENDINGS[destination.compression]
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    return f"{place}/{prefix}{name}-{stamp}-{first:09d}-{last:09d}-{part:03d}{ending}"
