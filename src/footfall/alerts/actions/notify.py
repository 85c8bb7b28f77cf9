"""Apprise, in a process of its own that may only reach what the settings allow.

    python -P -m footfall.alerts.actions.notify       one message as JSON on standard input

Apprise and its services open connections as they like, follow redirects and look names up by
themselves. So every name and every address is judged where the interpreter announces it, before
the system call (`sys.addaudithook`; a hook cannot be taken away again). A message takes a fraction
of a second to start; who hangs is killed, and what Apprise loads does not stay in memory.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
from typing import Any, Final

import msgspec

from footfall.alerts.actions.addresses import Reach
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.settings import ChannelSettings

START_SECONDS: Final = 10.0
"""For loading Apprise, beside the time for sending."""
_MESSAGE_BYTES_MAX: Final = 1 << 20
_SENT, _REFUSED = 0, 3


class Message(msgspec.Struct, frozen=True):
    """What the process is told."""

    url: str
    title: str
    body: str
    reach: Reach


def send(channel: ChannelSettings, title: str, body: str, reach: Reach, seconds: float) -> None:
    """Tell one channel of kind `apprise`.

    Raises:
        Invalid: the service or host is not allowed, or Apprise is not installed.
        Unavailable: it was not taken.
    """
    reach.check_scheme(channel.url.shown.partition("://")[0])
    message = msgspec.json.encode(Message(channel.url.shown, title, body, reach))
    command = [sys.executable, "-P", "-m", "footfall.alerts.actions.notify"]
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        done = subprocess.run(
            command,
            input=message,
            capture_output=True,
            timeout=seconds + START_SECONDS,
            env=environ,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{channel.shown} did not answer in time: seconds={seconds:g}") from error
    said = done.stderr.decode(errors="replace").strip()[-300:]
    if done.returncode == _REFUSED:
        raise Invalid(said)
    if done.returncode != _SENT:
        raise Unavailable(f"{channel.shown} did not take it: {said}")


def main() -> int:
    """Send what standard input says; why not stands on standard error."""
    message = msgspec.json.decode(sys.stdin.buffer.read(_MESSAGE_BYTES_MAX), type=Message)
    try:
        from apprise import Apprise, NotifyFormat
    except ImportError:
        sys.stderr.write("Apprise is not installed: pip install 'footfall[alerts]'")
        return _REFUSED
    refused: list[str] = []
    sys.addaudithook(_hook(message.reach, refused))
    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.WARNING, format="%(message)s")
    is_sent = False
    with contextlib.suppress(FootfallError):
        service = Apprise()
        if not service.add(message.url):
            sys.stderr.write("Apprise does not understand the address of the channel")
            return _REFUSED
        is_sent = bool(
            service.notify(body=message.body, title=message.title, body_format=NotifyFormat.TEXT)
        )
    if refused:
        sys.stderr.write(refused[0])
        return _REFUSED
    if not is_sent:
        lines = [line for line in log.getvalue().splitlines() if "://" not in line]
        sys.stderr.write(lines[-1] if lines else "no reason given")
    return _SENT if is_sent else 1


def _hook(reach: Reach, refused: list[str]) -> Any:
    """Judges names and addresses before they are used."""

    def judge(event: str, arguments: tuple[Any, ...]) -> None:
        try:
            if event == "socket.getaddrinfo" and arguments[0]:
                name = arguments[0]
                reach.check_host(name.decode() if isinstance(name, bytes) else str(name))
            elif event in ("socket.connect", "socket.sendto"):
                address = arguments[1]
                if isinstance(address, tuple):
                    reach.check_address(str(address[0]))
            elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
                raise Invalid("a channel may not start programs")
        except (FootfallError, ValueError) as error:
            refused.append(str(error))
            raise

    return judge


if __name__ == "__main__":
    sys.exit(main())
