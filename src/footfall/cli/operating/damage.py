"""How far the log is known to have been, whatever is left of it."""

from __future__ import annotations

from footfall.cli._common import metadata_place, open_metadata
from footfall.errors import Corrupt
from footfall.home import Home


def known_end(home: Home, project: str) -> int:
    """Offset up to which requests were read by the pipeline, from epochs and cut; 0 for none.

    Of the one partition that a log of segments has.

    Raises:
        Corrupt: the metadata database is damaged.
    """
    from footfall.lake.cut import read_cut

    planned = 0
    place = metadata_place(home)
    if not place.is_local or place.file.exists():
        planned = max((e.log_to[0] for e in open_metadata(home).last_epochs(project, 1)), default=0)
    try:
        cut = read_cut(home.cut_file(project))
    except Corrupt:
        return planned
    return planned if cut is None else max(planned, cut.positions[0])
