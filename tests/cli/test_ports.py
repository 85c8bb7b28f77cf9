"""Ports by option: what most people change first."""

from __future__ import annotations

import pytest

from footfall.cli._common import with_ports
from footfall.settings import load_settings
from tests.cli.shell import run


def test_options_win_over_settings() -> None:
    """Both ways may be given; what is nearer to the person counts, and 0 is a port like others."""
    settings = load_settings(None, {}, with_ports(["collector.port=1"], 9000, 0))
    assert (settings.collector.port, settings.studio.port) == (9000, 0)


def test_without_options_settings_count() -> None:
    """Nothing is said twice."""
    assert with_ports(["studio.port=5"], None, None) == ["studio.port=5"]


@pytest.mark.parametrize("verb", ["serve", "demo"])
def test_what_is_no_port_is_refused_by_its_name(verb: str) -> None:
    """One sentence, before anything starts."""
    done = run(verb, "--port", "70000")
    assert done.returncode == 2
    assert "--port" in done.stderr
