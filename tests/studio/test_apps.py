"""Apps as the metadata database has them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from footfall.errors import Unavailable
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.place import MetadataPlace
from footfall.project import App
from footfall.studio.api.apps.apps import AppView, read_apps
from footfall.studio.api.apps.trying import EventTaken, send_test_event


def test_before_the_first_start(tmp_path: Path) -> None:
    """The page opens before there is a database, and reading must not make one."""
    home = Home(tmp_path)
    assert read_apps(MetadataPlace.of(home), "default") == ()
    assert not home.metadata_file.exists()


def test_apps_with_their_newest_write_id(tmp_path: Path) -> None:
    """The first-event snippet must not show a revoked id, nor another project's app."""
    home = Home(tmp_path)
    shop = App("default", "shop", "My shop", "Europe/Rome", ("https://shop.example",))
    blog = App("default", "blog", "Blog")
    metadata = Metadata.open(home)
    metadata.create_project("default")
    metadata.create_project("other")
    first = metadata.create_app(shop)
    only = metadata.create_app(blog)
    metadata.create_app(App("other", "theirs", "Theirs"))
    second = metadata.create_write_id("default", "shop")
    metadata.revoke_write_id(second.write_id)
    metadata.revoke_write_id(only.write_id)
    metadata.revoke_write_id("blog")
    metadata.close()
    known = (first.write_id, "shop")
    expected = (AppView(shop, first.write_id, known), AppView(blog, None))
    assert read_apps(MetadataPlace.of(home), "default") == expected


def test_damaged_database(tmp_path: Path) -> None:
    """It is said, not raised as a bug."""
    home = Home(tmp_path)
    home.metadata_file.write_bytes(b"damaged" * 1000)
    with pytest.raises(Unavailable, match="cannot be read"):
        read_apps(MetadataPlace.of(home), "default")


def test_a_test_event_goes_the_way_of_all_events() -> None:
    """It is a request of an SDK's form with the app's write id; what the collector says is told."""
    taken: list[tuple[str, dict[str, object]]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append((self.path, json.loads(body)))
            is_known = "write_id=fw_1" in self.path
            answer = b"" if is_known else b"no such write id"
            self.send_response(204 if is_known else 401)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert send_test_event(url, "shop", "fw_1") == EventTaken("shop", "test_event")
        with pytest.raises(Unavailable, match="401 no such write id"):
            send_test_event(url, "shop", "fw_2")
        server.shutdown()
    (path, event), _ = taken
    assert path == "/v1/events?write_id=fw_1"
    assert (event["name"], event["visitor_id"]) == ("test_event", "studio-test")
    with pytest.raises(Unavailable, match="cannot be reached"):
        send_test_event(url, "shop", "fw_1")
