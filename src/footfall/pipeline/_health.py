"""Whether a worker lives and can take work, over HTTP, for whatever supervises it.

`/health` is about the process alone: it answers 503 when the loop has not turned for
`pipeline.turn_time_max`, which a restart mends. While it starts, waits for the lease, recovers or
waits for space on the disk it is alive, however long that takes: a restart would only begin again.
`/ready` is about its work: the loop turns, the lease is held, the log is reached, readers have a
cut. The loop tells a `Pulse`; a thread of its own answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from footfall.collect.edge.answers import PROBLEM_TYPE, problem
from footfall.connections import AddressGroups, Crowd, Server, listen
from footfall.errors import FootfallError, Unavailable
from footfall.live import decode_snapshot, prometheus_text
from footfall.pipeline._pulse import MoreMetrics, Pulse
from footfall.settings import Settings

Send = Callable[[dict[str, Any]], Awaitable[None]]
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CONNECTIONS_MAX: Final = 16
LOOK_SECONDS_MAX: Final = 5.0
"""A log or a database that takes longer to answer is not reached."""


class HealthApp:
    """`/health`, `/ready` and `/metrics`, by ASGI."""

    def __init__(
        self, pulse: Pulse, live_file: Path | None = None, more: MoreMetrics | None = None
    ) -> None:
        """Answer what `pulse` says, what the live file has of sessions, and `more` metrics."""
        self._live_file = live_file
        self._more = more or (lambda: b"")
        self._checks: dict[str, tuple[str, Callable[[], None]]] = {
            "/health": ("alive", pulse.check_alive),
            "/ready": ("ready", pulse.check_ready),
        }
        # One at a time, and never the loop that answers: a look may hang in a system call.
        self._looker = ThreadPoolExecutor(1, "look")

    async def __call__(
        self,
        scope: dict[str, Any],
        _receive: object,
        send: Send,
    ) -> None:
        """Answer one request; see ASGI 3."""
        if scope["path"] == "/metrics":
            await self._metrics(send)
            return
        found = self._checks.get(scope["path"])
        if found is None:
            await _answer(send, 404, "not_found", "there are /health, /ready and /metrics here")
            return
        status, check = found
        try:
            looking = asyncio.get_running_loop().run_in_executor(self._looker, check)
            await asyncio.wait_for(looking, LOOK_SECONDS_MAX)
        except FootfallError as error:
            await _answer(send, 503, error.code, str(error))
        except TimeoutError:
            await _answer(send, 503, Unavailable.code, "what the work needs does not answer")
        except OSError as error:
            await _answer(send, 503, Unavailable.code, f"what the work needs fails: {error}")
        else:
            await _answer(send, 200, status)

    async def _metrics(self, send: Send) -> None:
        try:
            if self._live_file is None:
                raise FileNotFoundError
            snapshot = decode_snapshot(self._live_file.read_bytes())
        except FileNotFoundError:
            await _answer(send, 503, Unavailable.code, "nothing was counted yet; ask again")
        except FootfallError as error:
            await _answer(send, 503, error.code, str(error))
        else:
            await _send(send, 200, METRICS_TYPE, prometheus_text(snapshot) + self._more())

    def close(self) -> None:
        """Look no more."""
        self._looker.shutdown(wait=False, cancel_futures=True)


async def _answer(send: Send, status: int, code: str, detail: str = "") -> None:
    if detail:
        kind, content = PROBLEM_TYPE, problem(status, code, detail, retryable=status == 503)
    else:
        kind, content = "application/json", json.dumps({"status": code}).encode()
    await _send(send, status, kind, content)


async def _send(send: Send, status: int, kind: str, content: bytes) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", b"%d" % len(content)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


class _Server(Server):
    """Runs in a thread: whoever started it stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def answering(
    settings: Settings,
    pulse: Pulse,
    live_file: Path | None = None,
    more: MoreMetrics | None = None,
) -> Iterator[str]:
    """Answer at `pipeline.health_address`, which is set, while the block runs; the URL.

    `live_file` is where the live counters write, and `more` gives metrics of what stands above.

    Raises:
        Unavailable: the address is taken.
    """
    host, _, text = settings.pipeline.health_address.rpartition(":")
    listening = listen(host.strip("[]"), int(text), "set pipeline.health_address")
    port = listening.getsockname()[1]
    app = HealthApp(pulse, live_file, more)
    started = threading.Event()
    server = _Server(
        app,
        settings.connections,
        Crowd(CONNECTIONS_MAX),
        AddressGroups(),
        on_started=started.set,
        lifespan="off",
        log_config=None,
        log_level="error",
        timeout_graceful_shutdown=1,
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="health", daemon=True
    )
    thread.start()
    started.wait(LOOK_SECONDS_MAX)
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
        app.close()
        listening.close()
