"""One visit as a list of moments: what the visitor does, and how long after the moment before.

The funnel is landing → list or search → product → cart → checkout → purchase; few get to its end.
Names are those of the AWS Clickstream web SDK; `footfall.recipes.shop._wire` translates them for
other dialects.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from footfall.recipes.shop import _catalogue as shop
from footfall.recipes.shop._catalogue import Page, Product
from footfall.recipes.shop._people import Visitor, WayIn

_PAUSE_MS_MEDIAN: Final = 9_000
_ENGAGED_MS_MIN: Final = 1_000
"""The SDK reports engagement with a page only beyond this."""
_LONG_PAUSE_SHARE: Final = 0.02


class Moment(msgspec.Struct, gc=False):
    """Something the visitor does; becomes one event."""

    pause_ms: int
    """Since the moment before."""
    name: str
    page: Page
    previous: Page | None
    """The page seen before this one; `None` on the first."""
    properties: dict[str, Any]
    items: list[dict[str, Any]] | None = None


def visit(
    rng: Random,
    visitor: Visitor,
    way: WayIn,
    *,
    events: int,
    is_first: bool,
    long_pause_ms: int,
) -> list[Moment]:
    """Walk through the shop.

    Args:
        rng: Decides everything.
        visitor: Bots look at products only and never pause.
        way: Where the visit begins.
        events: About how many moments there shall be; a bounce has two or three.
        is_first: The device was never here before.
        long_pause_ms: Longest pause between two moments, shorter than the inactivity timeout.
    """
    walk = _Walk(rng, long_pause_ms, is_bot=visitor.is_bot)
    walk.enter(way.page, is_first=is_first)
    while len(walk.moments) < events:
        walk.look_around()
    if walk.cart and rng.random() < 0.6:
        walk.check_out(visitor)
    return walk.moments


class _Walk:
    """A visitor in the shop: where they are, what is in the cart, what they have done."""

    def __init__(self, rng: Random, long_pause_ms: int, *, is_bot: bool) -> None:
        self.moments: list[Moment] = []
        self.cart: list[Product] = []
        self._rng = rng
        self._long_pause_ms = long_pause_ms
        self._is_bot = is_bot
        self._page = shop.HOME
        self._previous: Page | None = None

    def enter(self, page: Page, *, is_first: bool) -> None:
        self._page = page
        if is_first:
            self._add("_first_open", 0)
        self._add("_session_start", 2 if is_first else 0)
        self._add("_page_view", 3, {"_entrances": 1})

    def look_around(self) -> None:
        draw = self._rng.random()
        if self._is_bot or draw < 0.42:
            self._look_at(self._rng.choice(shop.PRODUCTS))
        elif draw < 0.62:
            self._go_to(shop.category_page(self._rng.choice(shop.CATEGORIES)))
        elif draw < 0.74:
            self._search(self._rng.choice(shop.SEARCH_TERMS))
        elif draw < 0.92:
            self._add("_scroll", self._pause(), {"_engagement_time_msec": 4_000})
        else:
            link = {"_link_url": shop.OUTBOUND, "_link_domain": "parcels.example"}
            self._add("_click", self._pause(), {**link, "_outbound": True})

    def check_out(self, visitor: Visitor) -> None:
        self._go_to(shop.CART)
        total = sum(product.price_cents for product in self.cart) / 100
        value = {"_value": total, "_currency": shop.CURRENCY}
        self._add("begin_checkout", self._pause(), value, _items(self.cart))
        self._go_to(shop.CHECKOUT)
        if visitor.logs_in:
            self._add("_profile_set", self._pause(), {})
        if self._rng.random() < 0.65:
            order = {"order_id": f"o-{self._rng.getrandbits(32):08x}", **value}
            self._add("purchase", self._pause(), order, _items(self.cart))
            self._go_to(shop.THANKS)

    def _look_at(self, product: Product) -> None:
        self._go_to(product.page)
        about = {"product_id": product.sku, "category": product.category, "price": product.price}
        self._add("view_item", 40, about, _items([product]))
        if not self._is_bot and self._rng.random() < 0.22:
            self.cart.append(product)
            self._add("add_to_cart", self._pause(), {**about, "quantity": 1}, _items([product]))

    def _search(self, term: str) -> None:
        self._go_to(shop.search_page(term))
        self._add("_search", 2, {"_search_key": "q", "_search_term": term})

    def _go_to(self, page: Page) -> None:
        """Engagement with the old page and the view of the new one come together, as in the SDK."""
        pause = self._pause()
        engaged = {"_engagement_time_msec": pause}
        self._previous, self._page = self._page, page
        if pause > _ENGAGED_MS_MIN:
            self._add("_user_engagement", pause, engaged)
        self._add(
            "_page_view", 0 if pause > _ENGAGED_MS_MIN else pause, {"_entrances": 0, **engaged}
        )

    def _pause(self) -> int:
        if self._is_bot:
            return self._rng.randint(300, 2_000)
        if self._rng.random() < _LONG_PAUSE_SHARE:
            return self._rng.randint(self._long_pause_ms // 6, self._long_pause_ms)
        pause = int(_PAUSE_MS_MEDIAN * self._rng.lognormvariate(0, 0.9))
        return min(max(pause, 400), self._long_pause_ms)

    def _add(
        self,
        name: str,
        pause_ms: int,
        properties: dict[str, Any] | None = None,
        items: list[dict[str, Any]] | None = None,
    ) -> None:
        self.moments.append(
            Moment(pause_ms, name, self._page, self._previous, properties or {}, items)
        )


def _items(products: list[Product]) -> list[dict[str, Any]]:
    return [
        {
            "id": product.sku,
            "name": product.name,
            "brand": product.brand,
            "category": product.category,
            "price": product.price,
            "quantity": 1,
            "currency": shop.CURRENCY,
        }
        for product in products
    ]
