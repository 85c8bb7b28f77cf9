"""The shop itself: what it sells and what its pages are called."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote_plus

HOST: Final = "www.shop.example"
SITE: Final = f"https://{HOST}"
SHOP_NAME: Final = "Example Shop"
CURRENCY: Final = "EUR"


class Page(NamedTuple):
    """A page as the browser knows it."""

    url: str
    title: str


class Product(NamedTuple):
    """Something to buy."""

    sku: str
    name: str
    brand: str
    category: str
    price_cents: int

    @property
    def price(self) -> float:
        """Price in the shop's currency, as web shops send it."""
        return self.price_cents / 100

    @property
    def page(self) -> Page:
        """The product's own page."""
        return Page(f"{SITE}/products/{self.sku}", f"{self.name} - {SHOP_NAME}")


_SHELVES: Final = {
    "shoes": ("Running shoe", "Trail shoe", "Sandal", "Boot", "Sneaker", "Slipper"),
    "bags": ("Backpack", "Messenger bag", "Duffel", "Tote", "Belt bag"),
    "jackets": ("Rain jacket", "Down jacket", "Wind shell", "Fleece"),
    "bottles": ("Steel bottle", "Thermos", "Filter bottle"),
    "lamps": ("Head lamp", "Lantern", "Bicycle light"),
}
_BRANDS: Final = ("Acme", "Nordlys", "Bergwerk", "Sōzō", "Río")
_VARIANTS: Final = ("Light", "Classic", "Pro")


def _stock() -> tuple[Product, ...]:
    products: list[Product] = []
    for category, names in _SHELVES.items():
        for position, name in enumerate(names):
            for variant_position, variant in enumerate(_VARIANTS):
                number = len(products) + 1
                products.append(
                    Product(
                        sku=f"sku-{number:03}",
                        name=f"{name} {variant}",
                        brand=_BRANDS[(position + variant_position) % len(_BRANDS)],
                        category=category,
                        price_cents=990 + 1370 * (number % 17) + 100 * variant_position,
                    )
                )
    return tuple(products)


PRODUCTS: Final = _stock()
CATEGORIES: Final = tuple(_SHELVES)
SEARCH_TERMS: Final = (
    "running shoes",
    "backpack 30l",
    "regenjacke",
    "lampe frontale",
    "水筒",
    "sale",
)

HOME: Final = Page(f"{SITE}/", SHOP_NAME)
CART: Final = Page(f"{SITE}/cart", f"Cart - {SHOP_NAME}")
CHECKOUT: Final = Page(f"{SITE}/checkout", f"Checkout - {SHOP_NAME}")
THANKS: Final = Page(f"{SITE}/checkout/done", f"Thank you - {SHOP_NAME}")
OUTBOUND: Final = "https://parcels.example/track"


def category_page(category: str) -> Page:
    """List of one category's products."""
    return Page(f"{SITE}/c/{category}", f"{category.capitalize()} - {SHOP_NAME}")


def search_page(term: str) -> Page:
    """Results of a search in the shop."""
    return Page(f"{SITE}/search?q={quote_plus(term)}", f"Search - {SHOP_NAME}")
