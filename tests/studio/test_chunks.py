"""How the built front end is split: a page loads what it needs, and nothing of the others."""

from __future__ import annotations

import gzip
import re

import pytest

from footfall.studio._run import STATIC

INDEX = STATIC / "index.html"
ASSETS = STATIC / "assets"
FIRST_LOAD_BYTES_MAX = 300 * 1024
"""Of scripts and styles, gzipped, until the Live page stands; its fonts and charts come later."""
CHARTS = "Each of the last 30 minutes, "
"""Said by the Live page's charts alone."""
PAGES = ("HomePage", "LivePage", "DashboardsPage", "SqlPage", "OverviewPage", "ExplorePage")
EDITOR = "cm-content"
"""Of the SQL page's editor alone."""
ECHARTS = "echarts"

pytestmark = pytest.mark.skipif(not INDEX.exists(), reason="needs the built front end")

_STATIC_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')
_OTHERS = re.compile(r'"(?:\./|assets/)([\w.-]+\.(?:js|css))"')


def needed(name: str) -> set[str]:
    """A script and all that it cannot start without."""
    found, pending = set(), [name]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += _STATIC_IMPORT.findall((ASSETS / name).read_text())
    return found


def entry() -> set[str]:
    """What every page loads."""
    (script,) = re.findall(r'src="/assets/([\w.-]+\.js)"', INDEX.read_text())
    return needed(script)


def chunk(name: str) -> str:
    (file,) = ASSETS.glob(f"{name}-*.js")
    return file.name


def has(words: str, names: set[str]) -> bool:
    return any(words in (ASSETS / name).read_text() for name in names)


def test_each_page_is_a_file_of_its_own() -> None:
    """The entry holds no page: a page that is added makes no other one slower."""
    entered = entry()
    pages = {name: needed(chunk(name)) - entered for name in PAGES}
    assert all(chunk(name) in own for name, own in pages.items())
    assert not entered & {chunk(name) for name in pages}
    for name, own in pages.items():
        assert not own & {chunk(other) for other in PAGES if other != name}
    assert has(CHARTS, pages["LivePage"])
    for words in (CHARTS, EDITOR, "/api/sql"):
        assert not has(words, entered)
    assert not has(EDITOR, pages["LivePage"])
    assert not has(CHARTS, pages["SqlPage"])


def test_heavy_parts_come_after_the_page() -> None:
    """Charts and editor are files that a page asks for once it stands."""
    entered = entry()
    later = {file.name for file in ASSETS.glob("*.js")} - entered
    for page in PAGES:
        later -= needed(chunk(page))
    assert has(EDITOR, later)
    assert has("react-grid-item", later)
    assert has(ECHARTS, {name for name in later if name.startswith("echarts-")})


@pytest.mark.parametrize("page", [*PAGES[:3], *PAGES[4:], "SharedPage"])
def test_the_first_load_stays_small(page: str) -> None:
    """Who opens a page waits for less than 300 KiB."""
    first = entry() | needed(chunk(page))
    styles = {name for name in _OTHERS.findall(INDEX.read_text()) if name.endswith(".css")}
    styles |= {file.name for file in ASSETS.glob(f"{page}-*.css")}
    files = [ASSETS / name for name in first | styles]
    assert 0 < sum(len(gzip.compress(file.read_bytes())) for file in files) < FIRST_LOAD_BYTES_MAX
