"""Fetch or build the servers; see the package's text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import CannotRun, jars, postgres, rest_catalog, versitygw

MAKERS: dict[str, Callable[[], object]] = {
    "versitygw": versitygw.binary,
    "kafka": lambda: jars.fetch("kafka"),
    "rest_catalog": rest_catalog.classpath,
    "postgres": postgres.binaries,
}
CANNOT_RUN = 3


def main() -> int:
    """Status 3 if one cannot be had here, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m servers")
    parser.add_argument("names", nargs="*", help=f"out of {' '.join(MAKERS)}; none: all")
    parser.add_argument("--lock", action="store_true", help="note the jars that a pom now needs")
    arguments = parser.parse_args()
    names = arguments.names or list(MAKERS)
    unknown = sorted(set(names) - set(MAKERS))
    if unknown:
        parser.error(f"no server {' '.join(unknown)}; there are {' '.join(MAKERS)}")
    status = 0
    for name in names:
        try:
            if arguments.lock:
                jars.lock(name)
            print(f"{name}: {MAKERS[name]()}")
        except CannotRun as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            status = CANNOT_RUN
    return status


if __name__ == "__main__":
    sys.exit(main())
