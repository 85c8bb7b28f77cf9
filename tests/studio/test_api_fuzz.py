"""Whatever is sent to the API: never a failure of ours, always the one shape of an error.

Parameters and bodies are made from the API's own description, as it says and as it does not; log
and query workers behind it are the real ones.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footfall.home import Home
from footfall.log import SqliteLog
from footfall.query import QueryPool
from footfall.settings import load_settings
from footfall.studio._app import describe
from footfall.studio.edge.problems import Problem
from tests.query.cuts import query_settings, sample
from tests.scale import scaled
from tests.studio.fakes import FakeShop, Studio, studio

DEEP = 100_000
STREAM = "/api/live/stream"
"""Has neither parameters nor an end."""

whole = st.integers() | st.sampled_from(
    [
        sign * (1 << bits) + more
        for bits in (31, 53, 63, 64, 200, 14_000)
        for sign in (1, -1)
        for more in (-1, 0, 1)
    ]
)
texts = st.text(max_size=40) | st.sampled_from(
    ["null", "NaN", "-0", "1e999", "0x10", "\x00", "\ud800", "..", "%2e%2e/", "9" * 5000, "١٢"]
)
values = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def text_of(value: Any) -> str:
    """As a value stands in an address."""
    if isinstance(value, int):
        return f"{value:x}" if value.bit_length() > 14_000 else str(value)
    return str(value)


def described(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a type of the description, and others."""
    kinds = {one.get("type") for one in schema.get("oneOf", [schema])}
    as_said = whole if "integer" in kinds else texts
    return as_said.map(text_of) | values.map(text_of)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes | None]:
    """Method, target and body of one request."""
    api = describe()
    paths: Any = api["paths"]
    path = draw(st.sampled_from(sorted(name for name in paths if name != STREAM)))
    method = draw(st.sampled_from(sorted(paths[path])))
    operation = paths[path][method]
    query = []
    target = path
    for parameter in operation.get("parameters", []):
        text = draw(described(parameter["schema"])).encode("utf-8", "surrogatepass")
        if parameter["in"] == "path":
            if parameter["name"] == "request_id" and draw(st.booleans()):
                text = b"00000000-0000-4000-8000-000000000000"
            target = target.replace(f"{{{parameter['name']}}}", quote(text, safe=""))
        else:
            query += [f"{parameter['name']}={quote(text, safe='')}"] * draw(st.integers(0, 2))
    body = draw(bodies(api, operation)) if "requestBody" in operation else None
    return method.upper(), target + ("?" + "&".join(query) if query else ""), body


def bodies(api: Any, operation: Any) -> st.SearchStrategy[bytes]:
    """What the description says with any values, any JSON, JSON too deep, and bytes."""
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = api["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    usual = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, values))
    sql = st.sampled_from(["SELECT 1", "SELECT ?", "SELECT ?, ?"])
    question = st.fixed_dictionaries({"sql": sql, "params": st.lists(values, max_size=3)})
    opening = st.sampled_from([b"[", b'{"a":', b"[[],"])
    deep = st.builds(nested, st.sampled_from(sorted(fields)), opening, st.integers(1, DEEP))
    return (usual | question | values).map(as_json) | deep | st.binary(max_size=60)


def nested(field: str, opening: bytes, depth: int) -> bytes:
    """As deep as the bound on bodies lets it be."""
    return b'{"sql":"SELECT 1","%b":%b' % (field.encode(), (opening * depth)[:200_000])


def as_json(value: Any) -> bytes:
    with contextlib.suppress(ValueError):  # more digits than Python writes
        return json.dumps(value).encode("utf-8", "surrogatepass")
    return b"{}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Signed in at a studio over a real log and real workers."""
    root = tmp_path_factory.mktemp("fuzz")
    shop = FakeShop(Home(root / "home"))
    log_dir = root / "log"
    cut = sample(root / "cut")
    settings = query_settings(time_max=10_000_000)
    with contextlib.closing(SqliteLog.writer(log_dir, load_settings().log)) as log:
        shop.step(1_700_000_000_000_000, 3)
        log.append(list(shop.log.records.values()))
    pool = QueryPool(cut.home, cut.project, settings)
    with studio(shop, root, sql=pool, open_log=lambda: SqliteLog.reader(log_dir)) as found:
        with httpx.Client(base_url=found.url, timeout=60) as client:
            assert client.get(found.link).status_code == 303
            yield client
        close_pool(found, pool)


def close_pool(found: Studio, pool: QueryPool) -> None:
    import asyncio

    asyncio.run_coroutine_threadsafe(pool.close(), found.loop).result(60)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=scaled(20, 5000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(("GET", f"/api/events/00000000-0000-4000-8000-000000000000/0?log_offset={1 << 64}", None))
@example(("GET", "/api/events/00000000-0000-4000-8000-000000000000/0?log_offset=-1", None))
@example(("GET", f"/api/events/00000000-0000-4000-8000-000000000000/{1 << 64}", None))
@example(("GET", f"/api/events/00000000-0000-4000-8000-000000000000/{'9' * 5000}", None))
@example(("POST", "/api/sql", b'{"sql":"SELECT 1","params":' + b"[" * DEEP))
@example(("POST", "/api/sql", b'{"sql":"SELECT 1","params":' + b"[" * DEEP + b"]" * DEEP + b"}"))
@example(("POST", "/api/sql", b'{"sql":"SELECT 1","params":' + b"[" * 900 + b"]" * 900 + b"}"))
@example(("POST", "/api/sql", b'{"sql":"SELECT ?","params":[%d]}' % (1 << 64)))
@example(("POST", "/api/sql", b'{"sql":"SELECT ?","params":["\\ud800"]}'))
@example(("POST", "/api/sql", b'{"sql":"SELECT ?","params":[1e999]}'))
@given(requests())
def test_no_request_fails(client: httpx.Client, request: tuple[str, str, bytes | None]) -> None:
    """An answer, or a problem that says what to mend."""
    method, target, body = request
    url = client.base_url.copy_with(raw_path=target.encode("ascii"))
    answer = client.request(method, url, content=body, headers={"content-type": "application/json"})
    if answer.status_code == 200:
        return
    assert answer.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert problem.status == answer.status_code
    assert problem.status in {400, 404, 405, 413, 422, 503}, problem
    assert problem.code != "internal"
    assert problem.detail
