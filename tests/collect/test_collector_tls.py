"""The collector speaks TLS by itself: real clients, and a renewal under their feet."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.collect.conftest import Running
from tests.machine.tls.certificates import Pair, make_pair

WAIT_SECONDS = 20
TARGET = "/collect?appId=shop_web"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path)


@pytest.fixture
def secure(pair: Pair, make_running: Callable[..., Running]) -> Running:
    return make_running(*pair.settings("collector"))


def _post(client: http.client.HTTPConnection) -> int:
    client.request("POST", TARGET, b"[]")
    answer = client.getresponse()
    answer.read()
    return answer.status


def _served(port: int, server_name: str | None = "localhost") -> bytes:
    """The certificate that a new connection gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def _der(pair: Pair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def test_client_that_checks_everything_is_served(secure: Running, pair: Pair) -> None:
    """The address says https, the name is verified, and the request is in the log."""
    assert secure.url == f"https://127.0.0.1:{secure.port}"
    client = http.client.HTTPSConnection("127.0.0.1", secure.port, context=pair.trusting())
    assert [_post(client), _post(client)] == [200, 200]
    client.close()
    assert len(secure.records()) == 2


def test_old_protocols_and_plain_http_are_refused(secure: Running) -> None:
    """TLS 1.1 is broken; plain HTTP on this port would carry ids in the open."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=20) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        old.wrap_socket(plain)
    client = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=20)
    with pytest.raises((http.client.HTTPException, OSError)):
        _post(client)
    client.close()
    assert secure.records() == []


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_renewal_reaches_new_connections_and_drops_none(
    secure: Running, pair: Pair, tmp_path: Path
) -> None:
    """Clients with and without a server name get the new one; an open connection goes on."""
    open_before = http.client.HTTPSConnection("127.0.0.1", secure.port, context=pair.trusting())
    assert _post(open_before) == 200
    renewed = make_pair(tmp_path, "renewed")
    expected = _der(renewed)
    pair.replace_by(renewed)
    _wait_for(lambda: _served(secure.port) == expected)
    assert _served(secure.port, None) == expected
    assert _post(open_before) == 200
    open_before.close()
    client = http.client.HTTPSConnection("localhost", secure.port, context=pair.trusting())
    assert _post(client) == 200
    client.close()


def test_broken_renewal_is_told_and_changes_nothing(
    secure: Running, pair: Pair, tmp_path: Path, capfd: Any
) -> None:
    """A key that does not fit would otherwise end TLS for everybody until somebody wakes up."""
    before = _der(pair)
    make_pair(tmp_path, "other").key.replace(pair.key)
    told = ""

    def is_told() -> bool:
        nonlocal told
        told += capfd.readouterr().err
        return "the old certificate stays in use" in told

    _wait_for(is_told)
    assert _served(secure.port) == before
    assert told.count("\n") == 1


def test_stop_waits_for_no_farewell(
    pair: Pair, make_running: Callable[..., Running], capfd: Any
) -> None:
    """An idle TLS client answers no goodbye; a restart would wait for it as long as for work."""
    running = make_running(*pair.settings("collector"))
    client = http.client.HTTPSConnection("127.0.0.1", running.port, context=pair.trusting())
    assert _post(client) == 200
    running.close()
    client.close()
    assert "timeout graceful shutdown exceeded" not in capfd.readouterr().err
