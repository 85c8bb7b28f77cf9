"""Routes of the catalog."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from footfall.catalog.entries import Crawl, CrawlReport
from footfall.clock import SECOND
from footfall.studio.api.catalog.use import CatalogUse
from footfall.studio.edge.problems import NotFound
from footfall.studio.services import PROBLEMS, Services, Use


class Crawls(msgspec.Struct, frozen=True):
    """Answer of `GET /api/catalog/crawls`."""

    crawls: tuple[Crawl, ...]
    """By name, each with the report of its last run."""


class NewView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/catalog/views`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=100_000)]
    """One SELECT."""
    is_replacing: bool = False
    """A view of this name may be there already."""


class Done(msgspec.Struct, frozen=True):
    """What was done."""

    done: str
    """In one sentence."""


@get("/crawls", summary="Crawls and what they found", sync_to_thread=True, responses=PROBLEMS)
def crawls(services: Use) -> Crawls:
    """Places of files that are tables; made with `footfall crawl add`."""
    return Crawls(tuple(catalog_of(services).crawling.catalog.crawls().values()))


@post(
    "/crawls/{name:str}/run",
    summary="Run a crawl now",
    status_code=200,
    sync_to_thread=True,
    responses=PROBLEMS,
)
def run_crawl(services: Use, name: FromPath[str]) -> CrawlReport:
    """Take in what changed since the last run."""
    use = catalog_of(services)
    use.crawling.crawl(name)
    return use.run_crawl(name)


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/catalog/crawls/{name}/schedule`."""

    every_seconds: Annotated[int, msgspec.Meta(ge=0, le=31 * 24 * 60 * 60)]
    """A minute at least; 0 for on demand only."""


@put(
    "/crawls/{name:str}/schedule",
    summary="Say how often a crawl runs by itself",
    status_code=200,
    sync_to_thread=True,
    responses=PROBLEMS,
)
def schedule_crawl(services: Use, name: FromPath[str], data: JSONBody[Schedule]) -> Crawl:
    """It counts from the last run."""
    return catalog_of(services).crawling.schedule(name, data.every_seconds * SECOND)


@post("/views", summary="Make a view", status_code=200, responses=PROBLEMS)
async def make_view(services: Use, data: JSONBody[NewView]) -> Done:
    """Keep a SELECT as a view that statements may read."""
    replacing = "OR REPLACE " if data.is_replacing else ""
    sentence = await catalog_of(services).define(
        f"CREATE {replacing}VIEW {checked(data.name)} AS {data.sql}"
    )
    return Done(sentence)


def checked(name: str) -> str:
    """A view's name; `CREATE VIEW` reads nothing else in its place. Raises `Invalid`."""
    from footfall.catalog.entries import check_name

    return check_name(name, "view")


def catalog_of(services: Services) -> CatalogUse:
    """The project's; raises `NotFound` where the server has none."""
    if services.catalog is None:
        raise NotFound("this server keeps no catalog")
    return services.catalog


def router() -> Router:
    """Everything under `/api/catalog`."""
    return Router(
        "/api/catalog",
        route_handlers=[crawls, run_crawl, schedule_crawl, make_view],
        tags=["catalog"],
    )
