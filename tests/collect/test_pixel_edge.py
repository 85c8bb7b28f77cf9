"""The pixel: an image for pages and mails where nothing else loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from footfall.errors import DiskFull

Make = Callable[..., Any]


def test_pixel_is_an_image_that_nobody_caches(harness: Any) -> None:
    """A cached image would be an event that never comes."""
    answer = harness.request("GET", "/v1/pixel.gif?write_id=shop_web&name=open&x=%C3%A9")
    (record,) = harness.records
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert (len(answer.body), answer.body[:6]) == (43, b"GIF89a")
    assert (record.protocol, record.app_id, record.query, record.body) == (
        "pixel",
        "shop_web",
        "write_id=shop_web&name=open&x=%C3%A9",
        b"",
    )


def test_pixel_refusals(make_harness: Make) -> None:
    """Statuses are for people who debug; nothing is stored."""
    harness = make_harness(
        "collector.unknown_write_ids=refuse",
        "collector.rate_per_app_max=1",
        "collector.query_bytes_max=1KiB",
    )
    targets = ["", "?write_id=nobody", "?write_id=gone", "?write_id=shop_web&x=" + "y" * 1024]
    statuses = [harness.request("GET", "/v1/pixel.gif" + target).status for target in targets]
    assert statuses == [401, 403, 403, 414]
    assert harness.request("POST", "/v1/pixel.gif?write_id=shop_web").status == 405
    assert harness.records == []
    harness.log.fail_with = DiskFull("full")
    assert harness.request("GET", "/v1/pixel.gif?write_id=shop_web").status == 503
    harness.log.fail_with = None
    statuses = [harness.request("GET", "/v1/pixel.gif?write_id=shop_web").status for _ in range(2)]
    assert statuses == [200, 429]
