"""Devices out of user agents: real ones, by category, and what the SDK knows better."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.columns import with_columns
from footfall.enrich.step import NoSettings
from footfall.enrich.steps.bots import BotSettings, mark_bots
from footfall.enrich.steps.user_agent import add_user_agent, parse_user_agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/112.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5"
DEVICES = [
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/120.0.0.0",
        ("Edge", "120.0.0", "Windows", "10", "desktop", None, None),
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36",
        ("Chrome", "156.0.0", "Linux", None, "desktop", None, None),
    ),
    (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15",
        ("Safari", "16.5", "Mac OS X", "10.15.7", "desktop", "Apple", "Mac"),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
        ("Chrome", "112.0.0", "Chrome OS", "14541.0.0", "desktop", None, None),
    ),
    (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604",
        ("Mobile Safari", "16.5", "iOS", "16.5", "mobile", "Apple", "iPhone"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; SM-S901B) {CHROME} Mobile Safari/537.36",
        ("Chrome Mobile", "112.0.0", "Android", "13", "mobile", "Samsung", "SM-S901B"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
        ("Chrome Mobile", "112.0.0", "Android", "10", "mobile", None, None),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; CUBOT X30) {CHROME} Mobile Safari/537.36",
        ("Chrome Mobile", "112.0.0", "Android", "10", "mobile", "Cubot", "X30"),
    ),
    (
        "Dalvik/2.1.0 (Linux; U; Android 13; SM-S901B Build/TP1A)",
        ("Android", "13", "Android", "13", "mobile", "Samsung", "SM-S901B"),
    ),
    (
        "okhttp/4.9.3",
        ("okhttp", "4.9.3", None, None, "mobile", None, None),
    ),
    (
        "Shop/1.2 CFNetwork/1404.0.5 Darwin/22.3.0",
        ("Shop", "1.2", "iOS", "16.3", "mobile", "Apple", "iOS-Device"),
    ),
    (
        f"Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
        ("Mobile Safari", "16.5", "iOS", "16.5", "tablet", "Apple", "iPad"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 12; SM-X906C) {WEBKIT} Chrome/80.0 Safari/537.36",
        ("Chrome", "80.0", "Android", "12", "tablet", "Samsung", "SM-X906C"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 12; TB-J606F) {CHROME} Safari/537.36",
        ("Chrome", "112.0.0", "Android", "12", "tablet", None, None),
    ),
    (
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {WEBKIT} SamsungBrowser/4.0 TV Safari/537.36",
        ("Samsung Internet", "4.0", "Tizen", "6.0", "tv", "Samsung", "SMART-TV"),
    ),
    (
        "Mozilla/5.0 (PlayStation 5 3.20) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        ("Apple Mail", "605.1.15", None, None, "other", "Sony", "PlayStation 5"),
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        ("Googlebot", "2.1", None, None, "other", None, None),
    ),
    ("curl/8.1.2", ("curl", "8.1.2", None, None, "other", None, None)),
    ("what?", (None, None, None, None, "other", None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("user_agent", "device"), DEVICES)
def test_devices(user_agent: str, device: tuple[Any, ...]) -> None:
    """Windows desktops and Android models have a category: "other" was the reference's mistake."""
    assert tuple(parse_user_agent(user_agent)) == device


COLUMNS = ("user_agent", "platform", "os", "os_version", "device_brand", "device_model", "sdk_name")


@pytest.mark.parametrize(
    ("user_agent", "category"),
    [
        ("SonyEricssonWT13i/R3AF010 TelecaBrowser/Q07C1-1 Profile/MIDP-2.1", "mobile"),
        ("KDDI-CA32 UP.Browser/6.2.0.7.3.129 (GUI) MMP/2.0", "mobile"),
        ("dv(iPh9,1);pr(UCBrowser/11.3.5.1203);ov(15_7_3);ss(375x667)", "mobile"),
        (
            f"Mozilla/5.0 (Linux; Android 10; Sharp Aquos P6) {CHROME} Mobile Safari/537.36",
            "mobile",
        ),
        ("Amazon.com/24.12.6.100 (Android/10/JNY-LX1)", "mobile"),
        (f"Mozilla/5.0 (Linux; Android 13; Armor Pad Pro) {CHROME} Mobile Safari/537.36", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 9; Lenovo TB-X505F) {CHROME} Safari/537.36", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 11; DM-LED32SBB33) {CHROME} Mobile Safari/537.36", "tv"),
        ("Opera/9.80 NETTV/4.5.0 Mozilla/5.0 (Linux armv7i; CE-HTML/1.0; U; en)", "tv"),
        (f"Mozilla/5.0 (Linux; Android 9; BRAVIA 4K) {CHROME} Safari/537.36", "tv"),
        ("Microsoft Office Word/16.43 (Mac OS/10.15.6; Desktop; es-MX; NonAppStore)", "desktop"),
        ("Safari/5525.27.1 CFNetwork/339.5 Darwin/9.5.0 (i386) (MacBookPro5%2C1)", "desktop"),
        ("Shop/1 CFNetwork/1240.0.4 Darwin/20.5.0 (x86_64)", "desktop"),
        ("Mozilla/5.0 (OS/2; Warp 4.5; rv:10.0.12) Gecko/20100101 Firefox/10.0.12", "desktop"),
    ],
)
def test_categories_of_rarer_devices(user_agent: str, category: str) -> None:
    """Each is of a kind that public test data of other parsers has many of."""
    assert parse_user_agent(user_agent).device_category == category


def enriched(*rows: dict[str, str]) -> dict[str, Any]:
    table = pa.table(
        {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    )
    device = with_columns(table, add_user_agent(table, NoSettings()))
    marked = with_columns(device, mark_bots(device, BotSettings()))
    found: dict[str, Any] = marked.to_pylist()[-1]
    return found


def test_what_the_sdk_says_comes_first() -> None:
    """The app knows its device; the HTTP library's user agent does not."""
    sent = {
        "user_agent": "Dalvik/2.1.0 (Linux; U; Android 12; Pixel 6 Build/SD1A)",
        "platform": "Android",
        "os": "HarmonyOS",
        "device_brand": "huawei",
    }
    found = enriched(sent)
    expected = {
        "os": "HarmonyOS",
        "os_version": None,
        "device_brand": "huawei",
        "device_model": None,
        "device_category": "mobile",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("sent", "category"),
    [
        ({}, None),
        ({"platform": "Web"}, None),
        ({"platform": "iOS"}, "mobile"),
        ({"platform": "ANDROID", "user_agent": "what?"}, "mobile"),
        ({"platform": "Web", "user_agent": "what?"}, "other"),
        ({"platform": "Android", "user_agent": "curl/8"}, "bot"),
    ],
)
def test_without_a_telling_user_agent(sent: dict[str, str], category: str | None) -> None:
    """Servers that relay events send none; unknown stays unknown, and is no bot."""
    found = enriched(sent)
    assert found["device_category"] == category
    assert found["is_bot"] is (category == "bot")


def test_rows_do_not_mix() -> None:
    """One result for each distinct user agent, given to exactly its rows."""
    agents = [user_agent for user_agent, _ in DEVICES]
    rows = [agents[index % len(agents)] for index in range(100)] + [None]
    table = pa.table({name: pa.nulls(len(rows), pa.string()) for name in COLUMNS})
    table = table.set_column(0, "user_agent", pa.array(rows))
    found = add_user_agent(table, NoSettings())["browser"].to_pylist()
    assert found == [parse_user_agent(agent).browser if agent else None for agent in rows]


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken(user_agent: str) -> None:
    """Anything may stand in that header."""
    assert parse_user_agent(user_agent).device_category in {
        *("desktop", "mobile", "tablet", "tv", "other")
    }
