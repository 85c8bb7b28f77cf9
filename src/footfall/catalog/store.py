"""The catalog of one project: reads its entries, writes changes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from footfall.catalog.entries import Crawl, SavedQuery, Table, View, encode
from footfall.errors import Corrupt
from footfall.metadata.added.catalog import Key, Kind, read_entries, read_version
from footfall.metadata.place import MetadataPlace

if TYPE_CHECKING:
    from footfall.metadata import Metadata

_Entry = TypeVar("_Entry", Crawl, Table, View, SavedQuery)
_KINDS: Final[dict[Kind, Any]] = {"crawl": Crawl, "table": Table, "view": View, "query": SavedQuery}


class Catalog:
    """See the module's text; reading is cheap and needs no SQLAlchemy."""

    def __init__(self, place: MetadataPlace, project: str) -> None:
        """Read nothing yet."""
        self._place = place
        self.project = project

    def version(self) -> int:
        """Counts changes."""
        return read_version(self._place, self.project)

    def crawls(self) -> dict[str, Crawl]:
        """By name."""
        return self._entries("crawl", Crawl)

    def tables(self) -> dict[str, Table]:
        """By name."""
        return self._entries("table", Table)

    def views(self) -> dict[str, View]:
        """By name; those of people, without what is shipped."""
        return self._entries("view", View)

    def queries(self) -> dict[str, SavedQuery]:
        """By name."""
        return self._entries("query", SavedQuery)

    def _entries(self, kind: Kind, of: type[_Entry]) -> dict[str, _Entry]:
        found = {}
        for name, text in read_entries(self._place, self.project, kind).items():
            try:
                found[name] = msgspec.json.decode(text, type=of)
            except msgspec.MsgspecError as error:
                raise Corrupt(
                    f"an entry of the catalog cannot be read; restore metadata from a backup:"
                    f" {kind}={name} ({error})"
                ) from error
        return found


def change(
    metadata: Metadata,
    project: str,
    puts: Iterable[Crawl | Table | View | SavedQuery] = (),
    removes: Iterable[Key] = (),
    *,
    version: int | None = None,
) -> int:
    """Write entries under their kinds and names; see `Metadata.change_catalog`."""
    written: Mapping[Key, str] = {(kind_of(one), one.name): encode(one) for one in puts}
    return metadata.change_catalog(project, written, removes, version)


def kind_of(entry: Crawl | Table | View | SavedQuery) -> Kind:
    """The kind under which it is kept."""
    return next(kind for kind, of in _KINDS.items() if isinstance(entry, of))


def keys_of(kind: Kind, names: Sequence[str]) -> list[Key]:
    """Of several entries of one kind."""
    return [(kind, name) for name in names]
