"""Which edge takes which path: ours, and those of plug-ins where they do not clash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from footfall.collect.edge.edge import Edge
from footfall.collect.edge.intake import Intake
from footfall.protocols import BUILT_IN, Route, tidy_path
from footfall.settings import CollectorSettings

PluginRoutes = Mapping[str, Sequence[Route]]
OTHER_PATHS: Final = ("/health", "/ready", "/metrics")

_TIDY_CHARACTERS_MAX: Final = 2048


class Routing:
    """Edges by path."""

    def __init__(self, intake: Intake, plug_ins: PluginRoutes) -> None:
        """Make the edges of all routes.

        Args:
            intake: Takes their requests.
            plug_ins: Routes by protocol, without clashes (`unclashing`).
        """
        self._edges: dict[str, Edge] = {}
        built_in = {name: protocol.routes for name, protocol in BUILT_IN.items()}
        for name, routes in {**built_in, **plug_ins}.items():
            for route in routes:
                edge = Edge(name, route, intake)
                for path in paths_of(route, intake.settings):
                    self._edges.setdefault(path, edge)

    def find(self, path: str) -> Edge | None:
        """Who takes requests to this path, a slash too many or not."""
        edge = self._edges.get(path)
        if edge is None and len(path) <= _TIDY_CHARACTERS_MAX:
            edge = self._edges.get(tidy_path(path))
        return edge


def paths_of(route: Route, settings: CollectorSettings) -> tuple[str, ...]:
    """Paths of a route, as settings have them."""
    paths = (getattr(settings, route.path_setting),) if route.path_setting else route.paths
    return tuple(tidy_path(path) for path in paths)


def unclashing(
    offered: Iterable[tuple[str, Sequence[Route]]], settings: CollectorSettings
) -> tuple[dict[str, Sequence[Route]], list[str]]:
    """The plug-ins whose paths are free, and a sentence for each other one.

    Of two that want one path the first has it; the other gets none of its paths, so that nobody
    has to find out which of them work.
    """
    taken = dict.fromkeys((*OTHER_PATHS, tidy_path(settings.aws_ping_path)), "Footfall itself")
    for name, protocol in BUILT_IN.items():
        for route in protocol.routes:
            taken |= dict.fromkeys(paths_of(route, settings), f"the protocol {name}")
    found: dict[str, Sequence[Route]] = {}
    problems: list[str] = []
    for name, routes in offered:
        paths = [path for route in routes for path in paths_of(route, settings)]
        clashes = [path for path in paths if path in taken or paths.count(path) > 1]
        if clashes:
            owner = taken.get(clashes[0], "another route of it")
            problems.append(
                f"the plug-in {name} takes no requests: its path {clashes[0]} is that of {owner};"
                " give it another"
            )
            continue
        taken |= dict.fromkeys(paths, f"the plug-in {name}")
        found[name] = routes
    return found, problems
