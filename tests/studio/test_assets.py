"""Files of the front end on a real server: encoded as browsers take them, kept as long as right."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import brotli
import httpx
import pytest

from footfall.studio._run import STATIC
from tests.studio.fakes import FakeShop, studio

SCRIPT = b"export const words = 'the same words again and again';\n" * 200
PLAIN, BR, GZ = "identity", "br", "gzip"


@pytest.fixture
def client(shop: FakeShop, assets: Path) -> Iterator[httpx.Client]:
    """Of a front end with a script in three forms, and one that has no other form."""
    folder = assets / "assets"
    (folder / "page-1.js").write_bytes(SCRIPT)
    (folder / "page-1.js.br").write_bytes(brotli.compress(SCRIPT))
    (folder / "page-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "theme.js.gz").write_bytes(gzip.compress(b"// theme"))
    with studio(shop, assets) as running, httpx.Client(base_url=running.url) as found:
        yield found


def raw(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it was on the wire."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # httpx asks for every encoding it knows unless it is told another.
    with client.stream("GET", path, headers={"accept-encoding": "", **named}) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", BR),
        ("gzip, deflate", GZ),
        ("GZIP", GZ),
        ("br;q=0.5, gzip;q=0.8", GZ),
        ("br;q=0, gzip", GZ),
        ("br ; q=0, *", GZ),
        ("*", BR),
        ("gzip;q=0.5, identity", PLAIN),
        ("br;q=0, gzip;q=0", PLAIN),
        ("*;q=0", PLAIN),
        ("identity", PLAIN),
        ("zstd", PLAIN),
        ("br;q=much", PLAIN),
        ("br;q=nan", PLAIN),
        ("", PLAIN),
        (",;=,", PLAIN),
    ],
)
def test_the_smallest_form_that_is_taken(
    client: httpx.Client, accepted: str, encoding: str
) -> None:
    """Whatever is chosen is said, and is the file when it is decoded."""
    answer, body = raw(client, "/assets/page-1.js", accept_encoding=accepted)
    assert answer.headers.get("content-encoding", PLAIN) == encoding
    decode = {PLAIN: bytes, BR: brotli.decompress, GZ: gzip.decompress}[encoding]
    assert decode(body) == SCRIPT
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_each_form_has_its_own_tag(client: httpx.Client) -> None:
    """A cache that has one form must not be told that it has another."""
    tags = {}
    for accepted in (PLAIN, BR, GZ):
        answer, _ = raw(client, "/assets/page-1.js", accept_encoding=accepted)
        tags[accepted] = answer.headers["etag"]
    assert len(set(tags.values())) == 3
    for accepted, tag in tags.items():
        for known in (tag, f'"other", W/{tag}', "*"):
            asked = {"accept_encoding": accepted, "if_none_match": known}
            answer, body = raw(client, "/assets/page-1.js", **asked)
            assert (answer.status_code, body, answer.headers["etag"]) == (304, b"", tag)
            assert answer.headers["vary"] == "accept-encoding"
        other = {"accept_encoding": accepted, "if_none_match": tags[GZ if accepted == BR else BR]}
        assert raw(client, "/assets/page-1.js", **other)[0].status_code == 200


def test_a_file_without_forms(client: httpx.Client) -> None:
    """It is the same for everybody, and a cache need not keep it twice."""
    answer, body = raw(client, "/assets/index-abc123.js", accept_encoding="br, gzip")
    assert (body, "vary" in answer.headers) == (b"// hashed", False)


def test_a_name_without_a_hash_is_asked_for_again(client: httpx.Client) -> None:
    """Encoded or not, what may change under its name is not kept unasked."""
    answer, body = raw(client, "/theme.js", accept_encoding="br, gzip")
    assert (gzip.decompress(body), answer.headers["cache-control"]) == (b"// theme", "no-cache")


@pytest.mark.parametrize("path", ["/assets/page-1.js.br", "/assets/page-1.js.gz", "/theme.js.gz"])
def test_forms_have_no_address(client: httpx.Client, path: str) -> None:
    """A file of unknown type that decompresses by itself is nobody's business."""
    assert client.get(path).status_code == 404


@pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="needs the built front end")
def test_the_build_made_both_forms_of_every_script_and_style() -> None:
    """What ships is compressed at build time; a new kind of file must not be left out."""
    files = [file for file in STATIC.rglob("*") if file.suffix in (".js", ".css")]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes()
        encoded = {ending: file.with_name(file.name + ending) for ending in (".br", ".gz")}
        if len(content) > 1_000:
            assert [other for other in encoded.values() if not other.exists()] == []
        if encoded[".br"].exists():
            assert brotli.decompress(encoded[".br"].read_bytes()) == content
        if encoded[".gz"].exists():
            assert gzip.decompress(encoded[".gz"].read_bytes()) == content
