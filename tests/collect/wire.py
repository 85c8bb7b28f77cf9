"""Requests and answers as bytes on a connection."""

from __future__ import annotations

import contextlib
import socket
from typing import BinaryIO

POST = b"POST /collect?appId=shop_web HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n%s\r\n[]"


def exchange(port: int, data: bytes, *, half_close: bool = False, wait: float = 10) -> bytes:
    """Send bytes on a new connection; all that comes back until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as client:
        with contextlib.suppress(OSError):
            client.sendall(data)
            if half_close:
                client.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while part := client.recv(65536):
                answer += part
        return answer


def close(request: bytes) -> bytes:
    return request % b"Connection: close\r\n"


def read_answer(stream: BinaryIO) -> tuple[str, set[tuple[str, str]], bytes]:
    """Status line, headers and body, without what differs each time."""
    lines = list(iter(lambda: stream.readline().decode().removesuffix("\r\n"), ""))
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert len(headers) == len(lines) - 1
    body = stream.read(int(headers["content-length"]))
    if "x-request-id" in headers:
        body = body.replace(headers.pop("x-request-id").encode(), b"ID")
    assert headers.pop("date")
    return lines[0], set(headers.items()), body
