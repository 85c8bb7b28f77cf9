"""Routes of the SQL page."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import MediaType, Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from footfall.studio.api.sql.runner import SqlAnswerShape, SqlQuestion, answer_of
from footfall.studio.api.sql.tables import Tables, read_tables
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use

_ANSWER: Final = ResponseSpec(
    SqlAnswerShape, generate_examples=False, description="Columns and rows."
)
_CSV: Final = ResponseSpec(
    str, generate_examples=False, media_type="text/csv", description="A header line and rows."
)


@post("/", summary="Ask in SQL", status_code=200, responses={**PROBLEMS, 200: _ANSWER})
async def ask(services: Use, request: AnyRequest, data: JSONBody[SqlQuestion]) -> Response[bytes]:
    """One SELECT over the project's views, within limits of time, memory and rows.

    It ends with the asker's connection.
    """
    found = await while_asked(request.receive, services.sql.run(data.sql, data.params))
    answer = answer_of(found)
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


@post("/csv", summary="Ask in SQL, as CSV", status_code=200, responses={**PROBLEMS, 200: _CSV})
async def ask_csv(
    services: Use, request: AnyRequest, data: JSONBody[SqlQuestion]
) -> Response[bytes]:
    """The same as a file. Header `footfall-cut-off` says whether there was more than the limits."""
    found = await while_asked(
        request.receive, services.sql.run(data.sql, data.params, format="csv")
    )
    headers = {
        "content-disposition": 'attachment; filename="footfall.csv"',
        "footfall-cut-off": "true" if found.is_cut_off else "false",
    }
    return Response(found.body, media_type="text/csv", headers=headers)


@get("/tables", summary="Tables and their columns", responses=PROBLEMS)
async def tables(services: Use, request: AnyRequest) -> Tables:
    """What a statement may read, with types and meanings."""
    return await while_asked(request.receive, read_tables(services.sql))


def router() -> Router:
    """Everything under `/api/sql`."""
    return Router("/api/sql", route_handlers=[ask, ask_csv, tables], tags=["sql"])
