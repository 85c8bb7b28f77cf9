"""Which user agents are bots': by kept lists, and never because of an app's or a phone's name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.steps.bots import BotSettings, mark_bots
from footfall.enrich.steps.crawlers import Sender, sender_of
from tests.decode.cost import counted
from tests.enrich.steps.test_user_agent import CHROME, WEBKIT, enriched

IOS = "CFNetwork/1408.0.4 Darwin/22.5.0"
APPS = [
    f"{name} {IOS}"
    for name in (
        *("Tweetbot/6.5", "Spider%20Solitaire/2.1", "Preview/8.2", "Perlego/5.1"),
        *("Insomnia%20Cookies/5.0", "iRobot/7.14", "HeartMonitor/2.3", "Chatbot%20AI/1.0"),
        *("Nodes/1.0", "Uptime/3.0", "Crawler%20Quest/1", "Slurp/9", "curl/1"),
    )
] + [
    "UptimeBot/3.1 (iPhone; iOS 17.1; Scale/3.00)",
    "com.spider.solitaire/12 (Linux; U; Android 13; SM-S901B) okhttp/4.9.3",
    "Dalvik/2.1.0 (Linux; U; Android 13; Robot Phone Build/TP1A)",
]
PHONES = [
    f"Mozilla/5.0 (Linux; Android 7.0; M bot 54) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 13; Spider 8) {CHROME} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 8.1.0; Fever_Plus_J) {CHROME} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 8.0.0; Expanse) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 4.4.2; HTCButterflys901s Build/KOT49H) {CHROME} Mobile Safari",
    f"Mozilla/5.0 (Linux; Android 8.0.0; CUBOT_P20) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; U; Android 4.3; en-US; ViewSonic A8+ Build/JLS36C) {CHROME}",
    f"Mozilla/5.0 (Linux; Android 15; PKC110 Build/AP3A.240617.008) {CHROME} Mobile Safari/537.36",
]
BROWSERS = [
    f"Mozilla/5.0 (Windows NT 6.1) {CHROME} Safari/537.36 SE 2.X MetaSr 1.0 SogouMSE",
    f"Mozilla/5.0 (Linux; Android 16; SM-F966N; wv) {WEBKIT} Version/4.0 Chrome/145.0 Viber/26",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Notion/2.0.8 Electron/11 Safari/537",
]


@pytest.mark.parametrize("user_agent", APPS)
def test_an_app_is_no_bot_whatever_it_is_called(user_agent: str) -> None:
    """Apps of phones send their own name first, and it may be any word."""
    found = enriched({"user_agent": user_agent})
    assert (found["is_bot"], found["bot_reasons"], found["device_category"]) == (
        False,
        None,
        "mobile",
    )


@pytest.mark.parametrize("user_agent", PHONES + BROWSERS)
def test_a_phones_model_or_a_browsers_name_is_no_crawler(user_agent: str) -> None:
    """Words of a list stand in names of devices too, and some programs do both."""
    assert sender_of(user_agent) is Sender.PERSON


BOTS = [
    (
        f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {CHROME} Mobile Safari/537.36"
        " (compatible; GoogleOther)"
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 (compatible; Google-Read-Aloud;"
        " +https://support.google.com/webmasters/answer/1061943)"
    ),
    "Mediapartners-Google",
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0;"
        " +https://perplexity.ai/perplexity-user)"
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0;"
        " +Claude-User@anthropic.com)"
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36 vercel-screenshot/1.0",
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36 DatadogSynthetics",
    "Site24x7",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/110.0.0.0 Safari/537.36",
    "GPTBot/1.0",
    "facebookexternalhit/1.1",
    f"Mozilla/5.0 {WEBKIT} ClaudeBot/1.0; +claudebot@anthropic.com)",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    f"Mozilla/5.0 (Linux; Android 11) {CHROME} Mobile Safari/537.36 Chrome-Lighthouse",
    "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36 (compatible; Newcomer-X;"
        " +https://newcomer.test/about-our-crawler)"
    ),
]


@pytest.mark.parametrize("user_agent", BOTS)
def test_bots(user_agent: str) -> None:
    """Marked, with the reason, so that views can leave them out; never dropped."""
    named = {"platform": "Web", "sdk_name": "clickstream"}
    for row in ({"user_agent": user_agent}, {"user_agent": user_agent, **named}):
        found = enriched(row)
        assert (found["is_bot"], found["bot_reasons"], found["device_category"]) == (
            True,
            ["user_agent"],
            "bot",
        )


def test_the_kept_list_is_used_whole() -> None:
    """What its keepers saw of each crawler is marked; but libraries are by themselves none."""
    seen = [
        (entry["pattern"], user_agent)
        for entry in CRAWLER_USER_AGENTS_DATA
        for user_agent in entry["instances"]
    ]
    assert len(seen) > 1500
    missed = {pattern for pattern, seen_ua in seen if sender_of(seen_ua) is Sender.PERSON}
    assert missed <= {
        *("AP3A\\.240617\\.008", "okhttp", "MetaIAB Facebook", "Notion\\/", "Fluid"),
        *("Code\\/1\\.", "Trae\\/", "Goodreads", "Sonic"),
    }


LIBRARIES = [
    "Apache-HttpClient/4.5 (Java/11)",
    "python-requests/2.31.0",
    "Python/3.11 aiohttp/3.8",
    "Go-http-client/2.0",
    "Wget/1.21",
    "axios/1.6",
    "PostmanRuntime/7.36",
    "curl/8.1.2",
    "Java/11.0.2",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "GuzzleHttp/7",
    "Ruby",
    "libwww-perl/6.67",
]


@pytest.mark.parametrize("user_agent", LIBRARIES)
def test_an_http_library_is_a_bot_when_nothing_else_says_who_sends(user_agent: str) -> None:
    """Servers and apps send with such; their events say so."""
    alone = {"user_agent": user_agent}
    named = alone | {"platform": "Android", "sdk_name": "clickstream"}
    assert enriched(alone)["is_bot"] is True
    assert enriched(alone | {"platform": "Android"})["is_bot"] is True
    found = enriched(named)
    assert (found["is_bot"], found["bot_reasons"]) == (False, None)
    assert found["device_category"] != "bot"


@pytest.mark.parametrize(
    ("libraries", "expected"),
    [
        ("unnamed", [True, False, False]),
        ("always", [True, True, False]),
        ("never", [False, False, False]),
    ],
)
def test_libraries_by_the_setting(libraries: Any, expected: list[bool]) -> None:
    """Who has none but servers as senders may count them all as people, or none."""
    table = pa.table(
        {
            "user_agent": ["curl/8", "curl/8", None],
            "platform": [None, "Web", None],
            "sdk_name": [None, "own", None],
            "device_category": pa.array([None, "other", None], pa.string()),
        }
    )
    found = mark_bots(table, BotSettings(libraries))
    assert found["is_bot"].to_pylist() == expected
    assert found["device_category"].to_pylist()[2] is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken(user_agent: str) -> None:
    """Anything may stand in that header."""
    assert sender_of(user_agent) in set(Sender)


def test_a_long_user_agent_is_not_walked_again_and_again() -> None:
    """64 KiB of half a device's description, in each of thousands of events."""
    sender_of("warm")
    for text in ("(Linux; Android " * 4000, "a/b " * 16_000, "+ http" * 10_000):
        assert counted(lambda text=text: sender_of(text)).total < 400  # type: ignore[misc]
