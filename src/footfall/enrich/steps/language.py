"""One spelling for each language: tags by BCP 47 (RFC 5646), such as `en-GB` and `zh-Hans-CN`.

Browsers send such tags. Systems and SDKs send their own spellings of the same: `en_GB`,
`en_GB.UTF-8`, `sr_RS@latin`, and Java's text, which puts the script last (`zh_CN_#Hans`). What is
no tag in any of them stays as it was sent.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa

from footfall.enrich.columns import column, per_distinct
from footfall.enrich.step import Columns, NoSettings, Step, event_fields

CHARACTERS_MAX: Final = 200
"""A longer text is no tag; RFC 5646 wants room for 35."""

_SEPARATORS: Final = re.compile(r"[-_#]+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}|[a-z]{5,8}")
_EXTENDED: Final = re.compile(r"[a-z]{3}")
_SCRIPT: Final = re.compile(r"[a-z]{4}")
_REGION: Final = re.compile(r"[a-z]{2}|[0-9]{3}")
_VARIANT: Final = re.compile(r"[a-z0-9]{5,8}|[0-9][a-z0-9]{3}")
_EXTENSION: Final = re.compile(r"[a-z0-9]{2,8}")
_PRIVATE: Final = re.compile(r"[a-z0-9]{1,8}")
_RENAMED: Final = {"iw": "he", "in": "id", "ji": "yi"}
"""Java and old Android say these by their names of before 1989."""
_MODIFIERS: Final = {"latin": "latn", "cyrillic": "cyrl", "devanagari": "deva", "euro": None}
"""Of POSIX locales; the euro is a currency."""


def add_language(events: pa.Table, _: NoSettings) -> Columns:
    """`language` in its one spelling."""
    tags = per_distinct(column(events, "language"), _tag, (("language", pa.string()),))
    return {"language": tags["language"]}


def language_tag(text: str) -> str | None:
    """The tag that a text means; `None` if it means none.

    Subtags keep the order of RFC 5646, §2.1, a script behind the region is put before it, and have
    the cases of §2.1.1.
    """
    bare, _, modifier = text.strip().lower().partition("@")
    bare = bare.partition(".")[0]
    if not bare.isascii() or len(bare) > CHARACTERS_MAX:
        return None
    subtags = [part for part in _SEPARATORS.split(bare) if part]
    if modifier:
        if modifier not in _MODIFIERS:
            return None
        subtags += [_MODIFIERS[modifier] or ""]
    subtags = [part for part in subtags if part]
    if not subtags or not _LANGUAGE.fullmatch(subtags[0]):
        return None
    found = [_RENAMED.get(subtags[0], subtags[0])]
    rest = subtags[1:]
    end = next((place for place, part in enumerate(rest) if len(part) == 1), len(rest))
    plain = _plain(rest[:end])
    tail = _tail(rest[end:])
    if plain is None or tail is None:
        return None
    return "-".join([*found, *plain, *tail])


def _plain(subtags: list[str]) -> list[str] | None:
    """Extended language, script, region and variants, in this order and case."""
    extended: list[str] = []
    script: list[str] = []
    region: list[str] = []
    variants: list[str] = []
    for part in subtags:
        if not (extended or script or region or variants) and _EXTENDED.fullmatch(part):
            extended.append(part)
        elif not script and _SCRIPT.fullmatch(part):
            script.append(part.title())
        elif not region and not variants and _REGION.fullmatch(part):
            region.append(part.upper())
        elif _VARIANT.fullmatch(part) and part not in variants:
            variants.append(part)
        else:
            return None
    return [*extended, *script, *region, *variants]


def _tail(subtags: list[str]) -> list[str] | None:
    """Extensions (`u-nu-thai`) and private use (`x-…`), as they are."""
    pattern, is_due = _EXTENSION, False
    for part in subtags:
        if pattern is _PRIVATE or len(part) > 1:
            if not pattern.fullmatch(part):
                return None
            is_due = False
            continue
        if is_due:
            return None
        pattern, is_due = (_PRIVATE if part == "x" else _EXTENSION), True
    return None if is_due else subtags


def _tag(text: str) -> tuple[str]:
    return (language_tag(text) or text,)


LANGUAGE: Final = Step(
    name="language",
    version=1,
    reads=("language",),
    writes=event_fields("language"),
    run=add_language,
)
