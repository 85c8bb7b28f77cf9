"""Whether the studio lives and can show something, for whatever supervises it; nobody signs in."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get

from footfall.errors import FootfallError, Unavailable
from footfall.studio.edge.problems import PROBLEM_MEDIA_TYPE, problem_of
from footfall.studio.services import Services, Use

_HEADERS: Final = {"cache-control": "no-store"}
_RETRY: Final = {**_HEADERS, "retry-after": "5"}


@get("/health", include_in_schema=False, sync_to_thread=False)
def health() -> Response[dict[str, str]]:
    """It answers: its loop turns."""
    return Response({"status": "alive"}, headers=_HEADERS)


@get("/ready", include_in_schema=False, sync_to_thread=True)
def ready(services: Use) -> Response[dict[str, str]] | Response[bytes]:
    """Whether the metadata is reached, and there is a cut to look at."""
    try:
        _look(services)
    except FootfallError as error:
        unavailable = Unavailable(str(error))  # whatever it is: not ready, ask again
        body = msgspec.json.encode(problem_of(unavailable))
        return Response(body, status_code=503, media_type=PROBLEM_MEDIA_TYPE, headers=_RETRY)
    return Response({"status": "ready"}, headers=_HEADERS)


def _look(services: Services) -> None:
    services.read_apps()
    if not services.has_cut():
        raise Unavailable("no cut was published yet; is a worker running?")
