"""Packages that are broken in every way: each is said clearly, and all others work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from footfall.collect.edge.plug_ins import plug_in_routes
from footfall.decode import decoders, leave_out
from footfall.errors import Invalid
from footfall.protocols import (
    BUILT_IN,
    Authorization,
    Header,
    InBody,
    Key,
    Protocol,
    Query,
    Reply,
    Route,
    resolve,
)
from footfall.settings import load_settings
from tests.extend.site import install

SETTINGS = load_settings().collector

GOOD = """
from footfall.protocols import Protocol, Query, Route

def decode(logged, settings):
    raise AssertionError

ROUTE = Route(paths=("{path}",), keys=(Query("key"),))
PROTOCOL = Protocol(name="{name}", routes=(ROUTE,), decoder=decode)
"""

BAD = {
    "ends": ("import os\nos._exit(0)\n", "loading it ends the process (status 0)"),
    "crashes": ("import ctypes\nctypes.string_at(0)\n", "loading it ends the process (status -11)"),
    "raises": ("raise RuntimeError('half installed')\n", "RuntimeError: half installed"),
    "imports": ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    "nothing": ("OTHER = 1\n", "AttributeError"),
    "kind": ("PROTOCOL = print\n", "is no footfall.protocols.Protocol, but of type builtin"),
    "named": (GOOD.format(path="/n", name="other"), "another name than its entry point: 'other'"),
    "wrong": (
        "from footfall.protocols import Query, Route\nRoute(paths=('x',), keys=())\n",
        "expected one such as /api/event, not 'x'",
    ),
    "theirs": (GOOD.format(path="/v1/events", name="theirs"), "/v1/events is that of the protocol"),
    "health": (GOOD.format(path="/health", name="health"), "is that of Footfall itself"),
    "collect": (GOOD.format(path="/collect/", name="collect"), "expected one such as /api/event"),
    "second": (GOOD.format(path="/first", name="second"), "is that of the plug-in first"),
    "speaks": ("print('{\"x\": 1}' * 10_000)\nPROTOCOL = 1\n", "but of type int"),
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for packages that this process and its children see."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def add(site: Path, name: str, module: str, package: str = "") -> None:
    package = package or f"{name}-package"
    module_name = package.replace("-", "_")
    install(site, package, f"{name} = {module_name}:PROTOCOL", module)


def test_each_bad_one_is_named_with_its_reason_and_the_others_work(site: Path) -> None:
    """Somebody else's bug must not be looked for in Footfall, nor take it down."""
    add(site, "first", GOOD.format(path="/first", name="first"))
    for name, (module, _) in BAD.items():
        add(site, name, module)
    add(site, "aws", GOOD.format(path="/aws", name="aws"))
    add(site, "first", GOOD.format(path="/other", name="first"), package="the-later-one")
    found, problems = plug_in_routes(SETTINGS)
    assert [(name, [route.paths for route in routes]) for name, routes in found.items()] == [
        ("first", [("/first",)])
    ]
    for name, (_, words) in BAD.items():
        (said,) = (one for one in problems if f"plug-in {name} takes no requests" in one)
        assert words in said, said
    (aws,) = (one for one in problems if "aws-package" in one)
    (later,) = (one for one in problems if "the-later-one" in one)
    assert "another has this name" in aws
    assert "another has this name" in later
    assert len(problems) == len(BAD) + 2


def test_no_package_is_loaded_in_the_collector(site: Path) -> None:
    """What it imports stays out, be it as heavy as an engine."""
    add(site, "heavy", "import pyarrow\n" + GOOD.format(path="/heavy", name="heavy"))
    script = (
        "import sys\n"
        "from footfall.collect.edge.plug_ins import plug_in_routes\n"
        "from footfall.settings import load_settings\n"
        "found, problems = plug_in_routes(load_settings().collector)\n"
        "assert list(found) == ['heavy'] and not problems, problems\n"
        "assert not {'pyarrow', 'numpy', 'heavy_package'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_one_that_hangs_is_given_up(site: Path) -> None:
    """Its process ends by itself, whoever waits for it: a collector that is killed meanwhile."""
    add(site, "hangs", "while True:\n    pass\n")
    child = subprocess.Popen([sys.executable, "-c", OFFER_SOON], stdout=subprocess.PIPE, cwd=site)
    output, _ = child.communicate(timeout=60)
    assert (output, child.returncode) == (b"", -14)


OFFER_SOON = """
from footfall.protocols import offer
offer.LOAD_SECONDS_MAX = 1
offer._main("hangs")
"""


def test_the_pipeline_says_which_one_and_goes_on_without(site: Path) -> None:
    """The reason is the first thing that its author needs."""
    add(site, "good", GOOD.format(path="/good", name="good"))
    add(site, "kind", "PROTOCOL = print\n")
    add(site, "aws", GOOD.format(path="/aws", name="aws"))
    decoders.cache_clear()
    try:
        with pytest.raises(Invalid, match=r"the plug-in kind cannot be used: .*of type builtin"):
            decoders()
        leave_out(["kind"])
        assert set(decoders()) == {*BUILT_IN, "good"}
        assert decoders()["aws"] is resolve(BUILT_IN["aws"].decoder)
    finally:
        leave_out(())


KEYS: tuple[Key, ...] = (Query("k"),)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Route(keys=KEYS), "paths"),
        (lambda: Route(paths=("/a/../b",), keys=KEYS), "paths"),
        (lambda: Route(paths=("/a b",), keys=KEYS), "paths"),
        (lambda: Route(paths=("/a",), keys=()), "keys"),
        (lambda: Route(paths=("/a",), keys=(Header("a b"),)), "header"),
        (lambda: Route(paths=("/a",), keys=(InBody(()),)), "members"),
        (lambda: Route(paths=("/a",), keys=KEYS, methods=("DELETE",)), "methods"),
        (lambda: Route(paths=("/a",), keys=KEYS, reply=Reply(status=302)), "200 to 299"),
        (lambda: Route(paths=("/a",), keys=KEYS, reply=Reply(content_type="a\r\nb")), "type"),
        (lambda: Route(paths=("/a",), keys=KEYS, reply=Reply(headers=(("x\n", ""),))), "header"),
        (
            lambda: Route(paths=("/a",), keys=KEYS, reply=Reply(headers=(("Vary", "x"),))),
            "sends vary itself",
        ),
        (lambda: Protocol(name="A", routes=(), decoder=print), "name"),
        (lambda: Protocol(name="lost", routes=(), decoder=print), "lost"),
        (lambda: Protocol(name="a", routes=(), decoder=print), "routes"),
        (
            lambda: Protocol(
                name="a", routes=(Route(paths=("/a",), keys=(Authorization(),)),), decoder="a.b"
            ),
            "package.module:name",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is_made(make: object, words: str) -> None:
    """The author sees it in their own tests, not the operator at a start."""
    with pytest.raises(Invalid, match=words):
        make()  # type: ignore[operator]


def test_code_of_ours_is_where_it_is_said_to_be() -> None:
    """It is named by text, which no tool follows."""
    for protocol in BUILT_IN.values():
        for code in (protocol.decoder, protocol.weight, protocol.fast_way):
            assert code is None or callable(resolve(code))
