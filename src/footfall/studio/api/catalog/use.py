"""The project's catalog, as routes use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from footfall.catalog.asking.queries import Queries
from footfall.catalog.crawls.crawling import Crawling
from footfall.catalog.entries import CrawlReport


class CatalogUse(msgspec.Struct, frozen=True):
    """Reads are of the metadata, and block for a moment: call them in a thread."""

    crawling: Crawling
    queries: Queries
    define: Callable[[str], Awaitable[str]]
    """Carries out CREATE and DROP; what was done, in one sentence."""
    run_crawl: Callable[[str], CrawlReport]
    """In a process of its own; blocks until it is done."""
