"""The size that a benchmark is run at in `make test`: seconds, to see that it works."""

from __future__ import annotations

import argparse


def parsed(parser: argparse.ArgumentParser, **tiny: object) -> argparse.Namespace:
    """What the command line says; with `--tiny` these values instead, whatever else it says.

    A benchmark whose size is partly a constant puts that in the parser's defaults.
    """
    parser.add_argument(
        "--tiny", action="store_true", help="take seconds, to see that it works; no figure counts"
    )
    options = parser.parse_args()
    if options.tiny:
        for name, value in tiny.items():
            assert hasattr(options, name), name
            setattr(options, name, value)
    return options
