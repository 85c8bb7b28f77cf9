"""Secret keys come from the environment or a file, and are shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from footfall.home import Home
from footfall.metadata import Metadata
from tests.cli.shell import refused, run, run_here

KEY = "fsk_0123456789abcdefghijklmnopqrstuv"
OTHER = "fsk_vutsrqponmlkjihgfedcba9876543210"
WARNING = (
    "footfall: the key was visible in the list of processes; next time set FOOTFALL_KEY or use"
    " --key-file\n"
)


class _Handler(BaseHTTPRequestHandler):
    keys: list[str | None]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.keys.append(self.headers.get("authorization") or self.headers["x-write-id"])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        del format, args


@pytest.fixture
def collector() -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (_Handler,), {"keys": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler.keys
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("way", ["variable", "file", "standard input"])
def test_a_key_need_not_be_typed(
    way: str, collector: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Command lines are read by every user of the machine, with `ps`."""
    url, keys = collector
    (tmp_path / "key").write_text(f"{KEY}\n")
    arguments = {
        "variable": (),
        "file": ("--key-file", "key"),
        "standard input": ("--key-file", "-"),
    }
    done = run(
        *("send", "paid", "--url", url, *arguments[way]),
        cwd=tmp_path,
        stdin=f"  {KEY}\n" if way == "standard input" else "",
        environ={"FOOTFALL_KEY": KEY} if way == "variable" else {"FOOTFALL_KEY": OTHER},
    )
    assert (done.stdout, done.stderr, keys) == ("acknowledged: 1\n", "", [f"Bearer {KEY}"])


def test_a_typed_key_works_and_is_warned_of(collector: tuple[str, list[str]]) -> None:
    """It is too late for this one."""
    url, keys = collector
    done = run_here("send", "paid", "--url", url, "--key", KEY)
    assert (done.stderr, keys) == (WARNING, [f"Bearer {KEY}"])


def test_a_typed_write_id_counts_more_than_the_environment(
    collector: tuple[str, list[str]],
) -> None:
    """Who has the variable set all day still sends as a page would."""
    url, keys = collector
    done = run_here("send", "x", "--url", url, "--write-id", "web", environ={"FOOTFALL_KEY": KEY})
    assert (done.stderr, keys) == ("", ["web"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("send", "x", "--key-file", "no"),
            "the key cannot be read: No such file or directory: no",
        ),
        (
            ("send", "x", "--key-file", "empty"),
            "no key in there; write it alone, on one line: empty",
        ),
        (("send", "x", "--key-file", "two"), "no key in there; write it alone, on one line: two"),
        (
            ("send", "--key-file", "-"),
            "standard input is either the key or the events; name a file for the key",
        ),
        (
            ("send", "x", "--key", KEY, "--key-file", "empty"),
            "give the key once: as --key-file or in the command, not both",
        ),
        (
            ("send", "x", "--write-id", KEY),
            "that is a secret server key; give it as FOOTFALL_KEY or --key-file",
        ),
    ],
)
def test_mistakes_name_the_file_and_never_the_key(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """Terminals are shared, logs are kept."""
    (tmp_path / "empty").touch()
    (tmp_path / "two").write_text(f"{KEY} {OTHER}")
    assert refused(*arguments, cwd=tmp_path) == said


def test_revoking_takes_the_key_from_everywhere_and_masks_it(tmp_path: Path) -> None:
    """What is typed to revoke a leaked key must not leak it again."""
    home = tmp_path / "home"
    made = [run("key", "create", "web", "--server", "--home", str(home)).stdout for _ in range(4)]
    keys = [text.strip() for text in made]
    (tmp_path / "key").write_text(keys[1])
    at = ("--home", str(home))
    done = [
        run_here("key", "revoke", *at, environ={"FOOTFALL_KEY": keys[0]}),
        run_here("key", "revoke", "--key-file", str(tmp_path / "key"), *at),
        run_here("key", "revoke", keys[2][:12], *at),
        run_here("key", "revoke", keys[3], *at),
    ]
    assert [one.stdout for one in done] == [
        *(f"revoked {key[:12]}…\n" for key in keys[:2]),
        f"revoked {keys[2][:12]}\n",
        f"revoked {keys[3][:12]}…\n",
    ]
    assert [one.stderr for one in done] == ["", "", "", WARNING]
    metadata = Metadata.open(Home(home))
    assert all(key.revoked_at is not None for key in metadata.server_keys("default"))
    metadata.close()
    assert refused("key", "revoke", *at) == "name the key, as footfall key list shows it"
    unknown = run_here("key", "revoke", OTHER, *at)
    assert (unknown.returncode, OTHER[:13] in unknown.stderr) == (2, False)
    listed = run_here("key", "list", "--json", *at).stdout
    assert [row["key"] for row in json.loads(listed) if row["kind"] == "server key"] == [
        key[:12] + "…" for key in keys
    ]
