"""One name for each place that visits come from.

A click on an ad says `google` (its click id does), a link from the results says `www.google.com`,
one from the phone's app `com.google.android.googlequicksearchbox`: one source to whoever reads the
report. So hosts that are known get the name that click ids and most campaigns use; every other
host is its own name, without `www.`. `referrer_host` keeps the host as it was.

Which are known says `referrers.json`: Matomo's list of search engines, social networks and AI
assistants (CC0), with what it lacks under `ours`; `tools/write_referrers.py` renews it. Of a
network all subdomains are the network; of a search engine only the hosts that are named are,
because `mail.google.com` is no search. `{}` stands for a country: `de`, `co.uk`, `com.br`.
"""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import Final, NamedTuple

NAMES_KEPT: Final = 10_000
"""Hosts whose name is remembered."""
_WITH_SUBDOMAINS: Final = ("social", "ai")
_EXACT: Final = ("search", "ours")
_COUNTRY: Final = r"(?:[a-z]{2}|(?:com?|org|net)\.[a-z]{2})"
_SUBDOMAIN: Final = r"[a-z]{2}"


class Sources(NamedTuple):
    """The list, to look up in."""

    exact: dict[str, str]
    domains: dict[str, str]
    """With all their subdomains."""
    of_countries: re.Pattern[str]
    names: list[str]
    """By group of `of_countries`."""


@functools.lru_cache(maxsize=NAMES_KEPT)
def source_name(host: str) -> str:
    """Name of the source that a referring host, in lower case, is."""
    bare = host.removeprefix("www.")
    sources = known_sources()
    if (name := sources.exact.get(bare)) is not None:
        return name
    if (found := sources.of_countries.fullmatch(bare)) is not None and found.lastindex:
        return sources.names[found.lastindex - 1]
    domain = bare
    while domain:
        if (name := sources.domains.get(domain)) is not None:
            return name
        domain = domain.partition(".")[2]
    return bare or host


@functools.cache
def known_sources() -> Sources:
    """The list of this version."""
    text = resources.files("footfall.enrich.steps").joinpath("referrers.json").read_text("utf-8")
    kinds = json.loads(text)
    exact: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for kind in _EXACT:
        for name, hosts in kinds[kind].items():
            for host in hosts:
                if "{}" in host:
                    patterns.setdefault(_pattern(host), name)
                else:
                    exact.setdefault(host, name)
    domains = {
        host: name
        for kind in _WITH_SUBDOMAINS
        for name, hosts in kinds[kind].items()
        for host in hosts
    }
    pattern = re.compile("|".join(f"({each})" for each in patterns))
    return Sources(exact, domains, pattern, list(patterns.values()))


def warm_up() -> None:
    """Read the list."""
    known_sources()


def _pattern(host: str) -> str:
    before, _, after = host.partition("{}")
    stands_for = _SUBDOMAIN if after else _COUNTRY
    return re.escape(before) + stands_for + re.escape(after)
