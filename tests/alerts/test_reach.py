"""Where channels may lead: names that mean private addresses, redirects, hosts not listed."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from footfall.alerts.actions.addresses import Reach
from footfall.alerts.actions.notify import _hook
from footfall.errors import Invalid
from tests.alerts.receivers import SECRET, Receiver, receiving
from tests.alerts.test_outbox import post


class Names:
    """A resolver of the test's own; each question of a name gets the next answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != "hooks.example":
            return self.real(host, port, *more, **named)
        self.asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.answers.pop(0)
        ]


@pytest.fixture
def channel() -> dict[str, str]:
    return {"kind": "webhook", "url": "http://hooks.example/x", "secret": SECRET}


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.5"], ["93.184.215.14", "169.254.169.254"], ["93.184.215.14", "127.0.0.1"]],
)
def test_a_public_name_with_a_private_address_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    channel: dict[str, str],
    addresses: list[str],
) -> None:
    """Also when only one of its addresses is private: which one is taken is chance."""
    Names(monkeypatch, addresses)
    with post(tmp_path, "alerts.private_addresses=false") as it:
        it.desk.put_channel("ops", channel)
        assert "alerts.private_addresses" in it.desk.test_channel("ops")


def test_a_name_that_changes_its_mind_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channel: dict[str, str]
) -> None:
    """The connection goes to what was judged, and not to what the name means a moment later."""
    with receiving() as receiver, post(tmp_path) as it:
        port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
        names = Names(monkeypatch, ["127.0.0.1"], ["127.0.0.99"])
        it.desk.put_channel("ops", channel | {"url": f"http://hooks.example:{port}/x"})
        assert it.desk.test_channel("ops") == ""
        assert (names.asked, receiver.requests) == (["hooks.example"], 1)


def test_a_redirect_leads_apprise_nowhere_else(tmp_path: Path) -> None:
    """It follows redirects by itself; the next connection is judged as the first was."""
    settings = ('alerts.schemes_allowed=["json"]', 'alerts.hosts_allowed=["127.0.0.1"]')
    with receiving() as first, receiving() as other, post(tmp_path, *settings) as it:
        port = first.url.rsplit(":", 1)[1].partition("/")[0]
        take_anything(first, 307)
        take_anything(other, 200)
        first.headers = {"location": other.url.replace("127.0.0.1", "localhost")}
        it.desk.put_channel("ops", {"kind": "apprise", "url": f"json://127.0.0.1:{port}/"})
        assert "alerts.hosts_allowed" in it.desk.test_channel("ops")
        assert (first.requests, other.requests) == (1, 0)
        first.headers = {"location": other.url}  # the same host: it may
        assert it.desk.test_channel("ops") == ""
        assert (first.requests, other.requests) == (2, 1)


def take_anything(receiver: Receiver, status: int) -> None:
    """Apprise does not sign."""

    def take(_: dict[str, str], __: bytes) -> int:
        receiver.requests += 1
        return status

    as_any: Any = receiver
    as_any.take = take


def test_every_way_to_connect_is_judged() -> None:
    """As the interpreter announces them, before the system call."""
    refused: list[str] = []
    judge = _hook(Reach(hosts=("*.example",)), refused)
    judge("socket.getaddrinfo", ("hooks.example", 443))
    judge("socket.connect", (None, ("93.184.215.14", 443)))
    judge("open", ("/etc/hosts", "r"))
    for event, arguments in (
        ("socket.getaddrinfo", ("internal", 80)),
        ("socket.getaddrinfo", (b"internal", 80)),
        ("socket.connect", (None, ("10.0.0.1", 80))),
        ("socket.connect", (None, ("::ffff:10.0.0.1", 80, 0, 0))),
        ("socket.sendto", (None, ("192.168.0.1", 53))),
        ("subprocess.Popen", ("sh",)),
    ):
        count = len(refused)
        with pytest.raises(Invalid):
            judge(event, arguments)
        assert len(refused) == count + 1, event
