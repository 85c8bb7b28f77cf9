"""Language tags by BCP 47, whoever spells them; the examples are RFC 5646's, appendix A."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.step import NoSettings
from footfall.enrich.steps.language import add_language, language_tag


@pytest.mark.parametrize(
    "tag",
    [
        *("de", "fr", "ja", "zh-Hant", "zh-Hans", "sr-Cyrl", "sr-Latn", "zh-cmn-Hans-CN"),
        *("cmn-Hans-CN", "zh-yue-HK", "yue-HK", "zh-Hans-CN", "sr-Latn-RS", "sl-rozaj"),
        *("sl-rozaj-biske", "sl-nedis", "de-CH-1901", "sl-IT-nedis", "hy-Latn-IT-arevela"),
        *("de-DE", "en-US", "es-419", "de-CH-x-phonebk", "az-Arab-x-aze-derbend"),
        *("en-US-u-islamcal", "zh-CN-a-myext-x-private", "en-a-myext-b-another"),
    ],
)
def test_the_standards_examples_stay_as_they_are(tag: str) -> None:
    """In every case that a sender may write them in."""
    assert {language_tag(each) for each in (tag, tag.lower(), tag.upper())} == {tag}


@pytest.mark.parametrize(
    ("sent", "tag"),
    [
        # Java's text of a locale: script and extensions behind the region.
        ("zh_CN_#Hans", "zh-Hans-CN"),
        ("zh-CN-#Hans", "zh-Hans-CN"),
        ("zh_TW_#Hant", "zh-Hant-TW"),
        ("sr__#Latn", "sr-Latn"),
        ("sr_RS_#Cyrl", "sr-Cyrl-RS"),
        ("en_US_#u-nu-latn", "en-US-u-nu-latn"),
        ("zh_CN_#Hans_u-ca-chinese", "zh-Hans-CN-u-ca-chinese"),
        ("iw_IL", "he-IL"),
        ("in_ID", "id-ID"),
        # POSIX.
        ("en_GB", "en-GB"),
        ("en_GB.UTF-8", "en-GB"),
        ("sr_RS@latin", "sr-Latn-RS"),
        ("de_AT.ISO-8859-15@euro", "de-AT"),
        # iOS, and what people write.
        ("zh-Hans_CN", "zh-Hans-CN"),
        ("pt-br", "pt-BR"),
        (" fr ", "fr"),
        ("es_419", "es-419"),
    ],
)
def test_spellings_of_systems(sent: str, tag: str) -> None:
    """One language is one row of a report."""
    assert language_tag(sent) == tag


@pytest.mark.parametrize(
    "sent",
    [
        *("", "C", "english (US)", "en-US,en;q=0.9", "zh-Hans-Hant", "de-DE-DE", "de-419-DE"),
        *("th_TH_TH_#u-nu-thai", "a-DE", "12", "en-x", "en-u", "de-1901-1901", "ca@valencia"),
        *("ü", "en-" + "a" * 9, "en-x-" + "a-" * 200),
    ],
)
def test_what_is_no_tag_stays_as_sent(sent: str) -> None:
    """A guess would be another language; the text is evidence."""
    assert language_tag(sent) is None
    table = pa.table({"language": [sent, None]})
    assert add_language(table, NoSettings())["language"].to_pylist() == [sent, None]


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[a-zA-Z]{2,3}([-_#][a-zA-Z0-9]{1,8}){0,6}"))
def test_a_tag_is_its_own_tag(text: str) -> None:
    """So old rows and new ones can be compared."""
    tag = language_tag(text)
    assert tag is None or language_tag(tag) == tag
