"""What libraries raise when a file of the lake is damaged, as one kind with the file's name."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.exceptions import ValidationError
from requests.exceptions import RequestException

from footfall.errors import Corrupt, Unavailable
from footfall.lake.store.objects import unreachable

_DAMAGE: Final = (
    *(ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, AssertionError),
    *(zlib.error, pa.ArrowException, pl.exceptions.PolarsError, ValidationError),
)
"""Parsers of JSON, Avro and Parquet on bytes that are none."""
_TEXT_MAX: Final = 160
_STORE_ERROR: Final = re.compile(r"AWS Error|Generic S3 error|object.store error", re.IGNORECASE)

CHECKED: Final = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)
"""For Arrow's datasets: pages are held against their checksums. Whoever copies rows to another file
reads so, or a flipped bit is a row from then on."""


@contextlib.contextmanager
def naming(file: str | Callable[[], str]) -> Iterator[None]:
    """Raise `Corrupt`, with the name of `file`, where the block finds it damaged or missing.

    A function is asked for the name only then.

    What a system call refused for another reason (permissions, too many open files) stays as it is,
    and so does what a catalog behind HTTP did not answer (`reaching`).

    Raises:
        Corrupt: see above.
        Unavailable: the object store does not answer.
    """
    try:
        yield
    except RequestException:  # an OSError, too, but of a catalog behind HTTP, not of a file
        raise
    except OSError as error:
        if _is_unreachable(error):
            raise _unreachable(file, error) from error
        if error.errno is not None and not isinstance(error, FileNotFoundError):
            raise
        raise _damaged(file, error) from error
    except _DAMAGE as error:
        if _is_unreachable(error):
            raise _unreachable(file, error) from error
        raise _damaged(file, error) from error


def _is_unreachable(error: Exception) -> bool:
    """Arrow and Polars tell of an object store by text alone."""
    return not isinstance(error, FileNotFoundError) and bool(_STORE_ERROR.search(str(error)))


def _unreachable(file: str | Callable[[], str], error: Exception) -> Unavailable:
    return unreachable(file if isinstance(file, str) else file(), error)


def _damaged(file: str | Callable[[], str], error: Exception) -> Corrupt:
    name = file if isinstance(file, str) else file()
    text = " ".join(str(error).split())[:_TEXT_MAX]
    return Corrupt(
        "a file of the lake is damaged or missing; see footfall doctor --deep:"
        f" path={name} ({type(error).__name__}: {text})"
    )
