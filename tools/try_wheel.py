"""What ships is what is tested: build the wheel, install it far from the checkout, use it.

The wheel is installed with locked dependencies into an empty environment outside this checkout.
Then `footfall serve` runs on free ports with an empty home, answers `/health`, shows its pages,
takes one event over HTTP, and `footfall sql` finds it. Standard library only.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
START_SECONDS_MAX = 60
SHOWN_SECONDS_MAX = 30
STOP_SECONDS_MAX = 60
INSTALL_SECONDS_MAX = 600
EVENT_NAME = "wheel_tried"
STATEMENT = """
select e.event_name, s.events from events e join sessions s using (session_id)
where e.event_name = 'wheel_tried'
"""


class Problem(Exception):  # noqa: N818 (read as a noun)
    """The wheel does not do what it should; the text says what."""


def main() -> int:
    """Status 0 when the installed wheel did everything."""
    with tempfile.TemporaryDirectory(prefix="footfall-wheel-") as folder:
        place = Path(folder)
        try:
            wheel = build(place / "dist")
            footfall = install(wheel, place / "venv")
            try_server(footfall, place)
        except Problem as problem:
            print(f"wheel: {problem}")
            return 1
    print(f"wheel: {wheel.name} was installed, started, took an event and showed it by SQL")
    return 0


def build(folder: Path) -> Path:
    """The wheel, built with the locked build tools."""
    build_wheel = [BIN / "uv", "build", "--quiet", "--wheel", "--no-build-isolation"]
    run([*build_wheel, "--python", BIN / "python", "--out-dir", folder, ROOT])
    wheels = list(folder.glob("footfall-*.whl"))
    if len(wheels) != 1:
        raise Problem(f"the build made {len(wheels)} wheels, not one")
    return wheels[0]


def install(wheel: Path, venv: Path) -> Path:
    """Path of the `footfall` command in an environment that has nothing else."""
    run([BIN / "uv", "venv", "--quiet", "--python", BIN / "python", venv])
    python = venv / "bin" / "python"
    pip = [BIN / "uv", "pip", "install", "--quiet", "--python", python]
    run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "runtime.lock"])
    run([*pip, "--no-deps", wheel])
    where = subprocess.run(
        [python, "-c", "import footfall; print(footfall.__file__)"],
        cwd=venv,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()
    if not where.startswith(str(venv)):
        raise Problem(f"the environment imports another footfall than the wheel's: {where}")
    verb = venv / "bin" / "footfall"
    run([verb, "--version"])
    return verb


def try_server(footfall: Path, place: Path) -> None:
    """Start, send, ask, stop."""
    home = place / "home"
    command = [str(footfall), "serve", "--json", "--home", str(home)]
    command += ["--set", "collector.port=0", "--set", "studio.port=0"]
    out, errors = place / "serve.out", place / "serve.err"
    with out.open("wb") as out_stream, errors.open("wb") as error_stream:
        server = subprocess.Popen(
            command, cwd=place, env=environment(), stdout=out_stream, stderr=error_stream
        )
    try:
        addresses = wait_for_addresses(server, out, errors)
        collector = addresses["collector"]
        expect(f"{collector}/health")
        try_pages(addresses["studio"])
        send(collector)
        find(footfall, home)
    finally:
        server.terminate()
        try:
            status = server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            server.kill()
            raise Problem(f"serve did not stop within {STOP_SECONDS_MAX} s of SIGTERM") from None
    if status != 0:
        raise Problem(f"serve ended with status {status}:\n{errors.read_text()[-2000:]}")
    find(footfall, home)  # and when the server does not run


def wait_for_addresses(server: subprocess.Popen[bytes], out: Path, errors: Path) -> dict[str, Any]:
    """What `serve --json` printed."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and server.poll() is None:
        text = out.read_text()
        if text.rstrip().endswith("}"):
            return dict(json.loads(text))
        time.sleep(0.05)
    raise Problem(f"serve did not start:\n{errors.read_text()[-2000:]}")


def try_pages(link: str) -> None:
    """The page, and its script as a browser asks for it: in a form that the wheel holds."""
    page = expect(link)
    if "<html" not in page.lower():
        raise Problem("the studio's link shows no page")
    script = re.search(r'src="(/assets/[^"]+\.js)"', page)
    if script is None:
        raise Problem("the studio's page names no script of its own")
    request = urllib.request.Request(  # noqa: S310 (our own address)
        link.partition("/open")[0] + script[1], headers={"accept-encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        if response.headers["content-encoding"] != "gzip" or not gzip.decompress(response.read()):
            raise Problem(f"the wheel has no compressed form of {script[1]}; run make studio")


def expect(url: str) -> str:
    """Body of an answer 200, cookies and redirects followed as a browser does."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(url, timeout=10) as response:
            return str(response.read().decode())
    except urllib.error.URLError as error:
        raise Problem(f"{url.partition('?')[0]} answered {error}") from None


def send(collector: str) -> None:
    """One event to /v1/events, acknowledged."""
    event = {"name": EVENT_NAME, "visitor_id": "wheel", "properties": {"from": "wheel"}}
    request = urllib.request.Request(  # noqa: S310 (our own address)
        f"{collector}/v1/events?write_id=web",
        data=json.dumps({"events": [event]}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        if response.status != 200:
            raise Problem(f"/v1/events answered {response.status}")


def find(footfall: Path, home: Path) -> None:
    """Wait until `footfall sql` shows the event in a session."""
    command = [str(footfall), "sql", STATEMENT, "--format", "json", "--home", str(home)]
    wanted = [{"event_name": EVENT_NAME, "events": 1}]
    deadline = time.monotonic() + SHOWN_SECONDS_MAX
    while True:
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode == 0 and json.loads(done.stdout) == wanted:
            return
        if time.monotonic() > deadline:
            raise Problem(
                f"footfall sql did not show the event in {SHOWN_SECONDS_MAX} s:"
                f" {done.stdout[-500:]}{done.stderr[-500:]}"
            )
        time.sleep(0.2)


def environment() -> dict[str, str]:
    """Ours without what would lead back into the checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "FOOTFALL", "VIRTUAL_ENV"))
    }


def run(command: list[Any]) -> None:
    """A command that must succeed."""
    texts = [str(part) for part in command]
    print(f"$ {Path(texts[0]).name} {' '.join(texts[1:])}", flush=True)
    if shutil.which(texts[0]) is None:
        raise Problem(f"{texts[0]} is not installed; run make setup")
    done = subprocess.run(texts, timeout=INSTALL_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise Problem(f"{Path(texts[0]).name} ended with status {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
