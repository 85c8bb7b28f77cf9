"""A fake shop and a running studio for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from footfall.home import Home
from tests.studio.fakes import FakeShop, Studio, studio


@pytest.fixture
def shop(tmp_path: Path) -> FakeShop:
    return FakeShop(Home(tmp_path / "home"))


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A small built front end."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">studio')
    (static / "theme.js").write_text("// theme")
    (static / "assets" / "index-abc123.js").write_text("// hashed")
    return static


@pytest.fixture
def running(shop: FakeShop, assets: Path) -> Iterator[Studio]:
    with studio(shop, assets) as found:
        yield found


@pytest.fixture
def signed_in(running: Studio) -> Iterator[httpx.Client]:
    """A client with a session."""
    with httpx.Client(base_url=running.url, timeout=60) as client:
        assert client.get(running.link).status_code == 303
        yield client
