"""Who visits: devices, countries, clocks, ways in. All drawn from the visitor's own seed."""

from __future__ import annotations

import enum
from random import Random
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from footfall.clock import DAY, HOUR, MINUTE, US_PER_MS
from footfall.recipes.shop._catalogue import HOME, SHOP_NAME, SITE, Page
from footfall.recipes.shop._settings import ShopSettings

WRONG_CLOCK_TOLERANCE_US: Final = MINUTE
"""How far derived event times of wrong clocks may be off: the time between the moment a request
was to be sent and its arrival."""


class Dialect(enum.Enum):
    """How a visitor's events travel."""

    AWS_IMMEDIATE = "aws-immediate"
    AWS_BATCH = "aws-batch"
    FOOTFALL = "footfall"


class Device(NamedTuple):
    """A browser on a machine."""

    user_agent: str
    screen: tuple[int, int]
    viewport: tuple[int, int]
    weight: int


class Locale(NamedTuple):
    """A language and where its speaker sits."""

    tag: str
    zone_offset_ms: int
    weight: int


class WayIn(NamedTuple):
    """What brings a visitor to the shop: landing page (with campaign parameters) and referrer."""

    page: Page
    referrer: str
    weight: int


_Choice = TypeVar("_Choice", Device, Locale, WayIn)


class Visitor(NamedTuple):
    """Everything about one visitor that stays the same over sessions."""

    visitor_id: str
    device_id: str
    user_id: str
    logs_in: bool
    device: Device
    locale: Locale
    dialect: Dialect
    is_bot: bool
    clock_offset_ms: int
    """What the device's clock shows too much; negative when it is slow."""
    clock_is_wrong: bool
    """Off by so much that the platform derives the time from arrival."""
    weight: float


_CHROME: Final = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_DEVICES: Final = (
    Device(
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36",
        (1920, 1080), (1903, 937), 26,
    ),
    Device(
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36",
        (1728, 1117), (1728, 992), 10,
    ),
    Device(
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Edg/142.0.0.0",
        (1536, 864), (1519, 730), 8,
    ),
    Device(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        (1512, 982), (1512, 861), 8,
    ),
    Device(
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        (2560, 1440), (1280, 1315), 4,
    ),
    Device(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        (393, 852), (393, 659), 20,
    ),
    Device(
        "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
        (820, 1180), (820, 1074), 4,
    ),
    Device(
        f"Mozilla/5.0 (Linux; Android 15; Pixel 8) {_CHROME} Mobile Safari/537.36",
        (412, 915), (412, 785), 10,
    ),
    Device(
        f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {_CHROME} Mobile Safari/537.36",
        (384, 824), (384, 699), 7,
    ),
    Device(
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A546B) AppleWebKit/537.36"
        " (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
        (412, 915), (412, 770), 3,
    ),
)  # fmt: skip
_BOTS: Final = (
    Device(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1;"
        " +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36",
        (800, 600), (800, 600), 3,
    ),
    Device(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0;"
        " +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36",
        (800, 600), (800, 600), 2,
    ),
    Device(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " HeadlessChrome/140.0.0.0 Safari/537.36",
        (1280, 720), (1280, 720), 2,
    ),
)  # fmt: skip

_HOUR_MS: Final = HOUR // US_PER_MS
_LOCALES: Final = (
    Locale("en-US", -5 * _HOUR_MS, 26),
    Locale("en-GB", 0, 12),
    Locale("de-DE", _HOUR_MS, 14),
    Locale("fr-FR", _HOUR_MS, 9),
    Locale("es-ES", _HOUR_MS, 7),
    Locale("it-IT", _HOUR_MS, 5),
    Locale("nl-NL", _HOUR_MS, 4),
    Locale("sv-SE", _HOUR_MS, 3),
    Locale("pt-BR", -3 * _HOUR_MS, 6),
    Locale("ja-JP", 9 * _HOUR_MS, 5),
    Locale("zh-CN", 8 * _HOUR_MS, 5),
    Locale("en-IN", 11 * _HOUR_MS // 2, 4),
)

_AUTUMN: Final = (
    "utm_source=newsletter&utm_medium=email&utm_campaign=autumn_sale&utm_content=hero"
    "&utm_id=nl-2026-11"
)
_SEARCH_AD: Final = (
    "utm_source=google&utm_medium=cpc&utm_campaign=brand_search&utm_term=running+shoes"
    "&gclid=EAIaIQobChMI-demo-1"
)
_SOCIAL_AD: Final = (
    "utm_source=facebook&utm_medium=paid_social&utm_campaign=retarget_cart&fbclid=IwAR-demo-2"
)
_PARTNER: Final = "utm_source=trailblog&utm_medium=affiliate&utm_campaign=gear_guide"
_LANDING_TITLE: Final = f"Autumn sale - {SHOP_NAME}"
_SHOES_TITLE: Final = f"Shoes - {SHOP_NAME}"
_BAGS_TITLE: Final = f"Bags - {SHOP_NAME}"
_WAYS_IN: Final = (
    WayIn(HOME, "", 34),
    WayIn(HOME, "https://www.google.com/", 24),
    WayIn(HOME, "https://www.bing.com/", 5),
    WayIn(HOME, "https://news.ycombinator.com/", 2),
    WayIn(Page(f"{SITE}/landing?{_AUTUMN}", _LANDING_TITLE), "", 12),
    WayIn(Page(f"{SITE}/c/shoes?{_SEARCH_AD}", _SHOES_TITLE), "https://www.google.com/", 11),
    WayIn(Page(f"{SITE}/landing?{_SOCIAL_AD}", _LANDING_TITLE), "https://l.facebook.com/", 8),
    WayIn(Page(f"{SITE}/c/bags?{_PARTNER}", _BAGS_TITLE), "https://trailblog.example/gear", 4),
)  # fmt: skip

_DAY_MS: Final = DAY // US_PER_MS
_WRONG_OFFSETS_MS: Final = (3 * _HOUR_MS, -26 * _HOUR_MS, 45 * _DAY_MS, -400 * _DAY_MS)
_SLOW_OFFSET_MS_MAX: Final = 4 * MINUTE // US_PER_MS
_PARETO_ALPHA: Final = 1.16
"""The classic 80/20: a fifth of the visitors makes four fifths of the events."""
_WEIGHT_MAX: Final = 120.0


def meet(settings: ShopSettings, number: int) -> Visitor:
    """Visitor `number` of this run; the same every time it is asked for."""
    rng = Random(f"{settings.seed}/{settings.name}/visitor/{number}")
    weight = min(rng.paretovariate(_PARETO_ALPHA), _WEIGHT_MAX)
    is_bot = rng.random() < settings.bot_share
    offset_ms, clock_is_wrong = _clock(rng, settings)
    return Visitor(
        visitor_id=random_uuid(rng),
        device_id=random_uuid(rng),
        user_id=f"{settings.name}-customer-{number}",
        logs_in=not is_bot and rng.random() < 0.35,
        device=_pick(rng, _BOTS if is_bot else _DEVICES),
        locale=_pick(rng, _LOCALES),
        dialect=_dialect(rng, settings),
        is_bot=is_bot,
        clock_offset_ms=offset_ms,
        clock_is_wrong=clock_is_wrong,
        weight=weight,
    )


def way_in(rng: Random) -> WayIn:
    """What brought the visitor this time."""
    return _pick(rng, _WAYS_IN)


def random_uuid(rng: Random) -> str:
    """A version 4 UUID out of `rng`."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def _clock(rng: Random, settings: ShopSettings) -> tuple[int, bool]:
    draw = rng.random()
    if draw < settings.wrong_clock_share:
        return rng.choice(_WRONG_OFFSETS_MS), True
    if draw < settings.wrong_clock_share + settings.slow_clock_share:
        return -rng.randint(1, _SLOW_OFFSET_MS_MAX), False
    return 0, False


def _dialect(rng: Random, settings: ShopSettings) -> Dialect:
    if rng.random() < settings.footfall_share:
        return Dialect.FOOTFALL
    return Dialect.AWS_BATCH if rng.random() < settings.batch_share else Dialect.AWS_IMMEDIATE


def _pick(rng: Random, choices: tuple[_Choice, ...]) -> _Choice:
    return rng.choices(choices, weights=[choice.weight for choice in choices])[0]
