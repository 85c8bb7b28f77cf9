"""A lake in an object store that speaks S3. What the store has answered is durable: it says so.

Files and notes go through obstore, which has conditional writes; Parquet through Arrow and Polars,
which read ranges of it by clients of their own. All get the same address and credentials, and
without credentials look for them where the machine keeps them: in `AWS_…` variables of the
environment, or the role of the machine or container.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast
from urllib.parse import urlparse

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from footfall.clock import random_token
from footfall.errors import Conflict, Invalid, Unavailable
from footfall.lake.store.options import (
    CONNECT_SECONDS,
    DEFAULT_REGION,
    REQUEST_SECONDS,
    SCHEME,
    S3Options,
    given,
)
from footfall.lake.store.scan import scan
from footfall.lake.store.store import Listed, Note

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

_RETRIES: Final = 3
_RETRY_SECONDS: Final = 20


def file_system(options: S3Options) -> S3FileSystem:
    """Arrow's way to the store."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    named = {"access_key": options.access_key, "secret_key": options.secret_key}
    address = urlparse(options.endpoint)
    return S3FileSystem(
        **given(named),
        region=options.region or DEFAULT_REGION,
        endpoint_override=address.netloc or None,
        scheme=address.scheme or "https",
        force_virtual_addressing=not options.is_path_style,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_RETRIES),
    )


class ObjectStore:
    """See `footfall.lake.store.store.Store`."""

    def __init__(self, root: str, options: S3Options) -> None:
        """Ask nothing yet.

        Raises:
            Invalid: the package for object stores is not installed.
        """
        try:
            from obstore.store import S3Store
        except ImportError as error:
            raise Invalid(
                "a lake in an object store needs a package more; install it:"
                " pip install 'footfall[object-store]'"
            ) from error
        self.root = root.rstrip("/")
        self.options = options
        self._bucket = urlparse(root).netloc
        self._store = S3Store(
            self._bucket,
            config=cast("Any", options.for_rust()),
            client_options={
                "allow_http": options.is_plain,
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=REQUEST_SECONDS),
            },
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
            },
        )

    def write(self, path: str, data: bytes) -> None:
        """One PUT."""
        self._put(path, data, "overwrite")

    def write_file(self, path: str, file: BinaryIO) -> None:
        """Put what `file` has from its position on; in parts, if it is large."""
        self._put(path, file, None)

    def create(self, path: str, data: bytes) -> bool:
        """One PUT with `If-None-Match: *`."""
        return self._put(path, data, "create") is not None

    def read(self, path: str) -> bytes:
        """See `Store`."""
        note = self.read_note(path)
        if note is None:
            raise FileNotFoundError(2, "no such object", path)
        return note.data

    def size(self, path: str) -> int | None:
        """See `Store`."""
        found = self._head(path)
        return None if found is None else int(found["size"])

    def list(self, directory: str) -> Iterator[Listed]:
        """See `Store`; a thousand at a time are asked for."""
        with _asking(directory):
            for batch in self._store.list(self._key(directory)):
                for found in batch:
                    yield Listed(f"{SCHEME}{self._bucket}/{found['path']}", found["size"])

    def delete(self, path: str) -> None:
        """See `Store`."""
        with _asking(path), contextlib.suppress(FileNotFoundError):
            self._store.delete(self._key(path))

    def read_note(self, path: str) -> Note | None:
        """See `Store`."""
        try:
            with _asking(path):
                found = self._store.get(self._key(path))
                return Note(bytes(found.bytes()), str(found.meta["e_tag"]))
        except FileNotFoundError:
            return None

    def swap_note(self, path: str, data: bytes, tag: str | None) -> str:
        """One PUT with `If-Match`, or `If-None-Match: *`."""
        new = self._put(path, data, "create" if tag is None else {"e_tag": tag})
        if new is None:
            raise Conflict(f"another writer changed the note; read it again: {path=}")
        return new

    def age(self, path: str) -> float | None:
        """Whole seconds: the store says no more of when it took something."""
        found = self._head(path)
        if found is None:
            return None
        probe = f"{self.root}/.clock-{random_token(8)}"
        self.write(probe, b"")
        now = self._head(probe)
        self.delete(probe)
        if now is None:
            raise Unavailable(f"the object store lost what it just took; try again: path={probe}")
        return float((now["last_modified"] - found["last_modified"]).total_seconds())

    def parquet(self, path: str, *, is_checked: bool = False) -> pq.ParquetFile:
        """See `Store`."""
        return pq.ParquetFile(
            path.removeprefix(SCHEME),
            filesystem=self._files,
            page_checksum_verification=is_checked,
            pre_buffer=True,
        )

    def dataset(
        self, paths: Sequence[str], schema: pa.Schema, format_: ds.FileFormat
    ) -> ds.Dataset:
        """See `Store`."""
        keys = [path.removeprefix(SCHEME) for path in paths]
        return ds.dataset(keys, schema=schema, format=format_, filesystem=self._files)

    def scan(self, paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
        """See `Store`."""
        options = self.options.for_rust() | {"aws_allow_http": str(self.options.is_plain).lower()}
        return scan(
            paths,
            schema,
            storage_options={**options, "max_retries": _RETRIES},
            credential_provider=None,
        )

    @cached_property
    def _files(self) -> S3FileSystem:
        return file_system(self.options)

    def _key(self, path: str) -> str:
        assert path.startswith(f"{SCHEME}{self._bucket}/"), f"not of this bucket: {path}"
        return path.removeprefix(f"{SCHEME}{self._bucket}/")

    def _head(self, path: str) -> Any:
        try:
            with _asking(path):
                return self._store.head(self._key(path))
        except FileNotFoundError:
            return None

    def _put(self, path: str, data: bytes | BinaryIO, mode: Any) -> str | None:
        """The new tag; none if the condition did not hold."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with _asking(path):
                return str(self._store.put(self._key(path), data, mode=mode)["e_tag"])
        except (AlreadyExistsError, PreconditionError):
            return None
        except FileNotFoundError as error:
            if mode not in (None, "overwrite", "create"):
                return None  # the note is gone
            raise Invalid(
                f"there is no such bucket; make it, or mend lake.location: bucket={self._bucket}"
            ) from error


@contextlib.contextmanager
def _asking(path: str) -> Iterator[None]:
    """Tell obstore's errors in our kinds; those about conditions are the caller's."""
    from obstore import exceptions as told

    try:
        yield
    except (told.AlreadyExistsError, told.PreconditionError):
        raise
    except told.NotFoundError as error:
        raise FileNotFoundError(2, "no such object", path) from error
    except (told.PermissionDeniedError, told.UnauthenticatedError) as error:
        raise Invalid(
            "the object store refuses our credentials; mend lake.s3_access_key and"
            f" lake.s3_secret_key, or the role of this machine: {path=} ({_brief(error)})"
        ) from error
    except told.BaseError as error:
        raise unreachable(path, error) from error


def unreachable(path: str, error: object) -> Unavailable:
    """What to do about a store that does not answer, in one sentence."""
    return Unavailable(
        "the object store does not answer as it should; nothing is lost, see that it runs and that"
        f" lake.s3_endpoint is right, and it goes on: {path=} ({_brief(error)})"
    )


def _brief(error: object) -> str:
    return " ".join(str(error).split())[:160]
