"""Routes of the SQL page."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from litestar import MediaType, Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from footfall.catalog.statements import is_definition
from footfall.query import Answer
from footfall.settings import load_settings
from footfall.studio.api.sql.reference import SqlReference, reference_of
from footfall.studio.api.sql.runner import (
    SqlAnswer,
    SqlAnswerShape,
    SqlColumn,
    SqlQuestion,
    answer_of,
)
from footfall.studio.api.sql.tables import Tables, read_tables
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use

_ANSWER: Final = ResponseSpec(
    SqlAnswerShape, generate_examples=False, description="Columns and rows."
)
_TYPES: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
PARQUET: Final = ResponseSpec(
    bytes, generate_examples=False, media_type=_TYPES["parquet"], description="A Parquet file."
)
_CSV: Final = ResponseSpec(
    str, generate_examples=False, media_type="text/csv", description="A header line and rows."
)


@post("/", summary="Ask in SQL", status_code=200, responses={**PROBLEMS, 200: _ANSWER})
async def ask(services: Use, request: AnyRequest, data: JSONBody[SqlQuestion]) -> Response[bytes]:
    """One SELECT over the project's views, within limits of time, memory and rows.

    It ends with the asker's connection. `CREATE VIEW`, `DROP VIEW`, `CREATE EXTERNAL TABLE` and
    `DROP TABLE` are carried out, and answered with a sentence.
    """
    if services.catalog is not None and is_definition(data.sql):
        sentence = await services.catalog.define(data.sql)
        return Response(msgspec.json.encode(said(sentence)), media_type=MediaType.JSON)
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
    return file_of(found, "csv")


@post(
    "/parquet",
    summary="Ask in SQL, as Parquet",
    status_code=200,
    responses={**PROBLEMS, 200: PARQUET},
)
async def ask_parquet(
    services: Use, request: AnyRequest, data: JSONBody[SqlQuestion]
) -> Response[bytes]:
    """The same as a file with types. Header `footfall-cut-off` as with CSV."""
    found = await while_asked(
        request.receive, services.sql.run(data.sql, data.params, format="parquet")
    )
    return file_of(found, "parquet")


@get("/tables", summary="Tables and their columns", responses=PROBLEMS)
async def tables(services: Use, request: AnyRequest) -> Tables:
    """What a statement may read, with types and meanings."""
    return await while_asked(request.receive, read_tables(services.sql, services.catalog))


@get("/reference", summary="Functions and limits", sync_to_thread=False, responses=PROBLEMS)
def reference(services: Use) -> SqlReference:
    """What statements may call, and at which limits they end."""
    return reference_of((services.settings or load_settings()).query)


def said(sentence: str) -> SqlAnswer:
    """What was done, as an answer of one row."""
    rows = msgspec.Raw(msgspec.json.encode([[sentence]]))
    return SqlAnswer((SqlColumn("result", "VARCHAR"),), rows, False, 0, 0)


def file_of(found: Answer, suffix: Literal["csv", "parquet"]) -> Response[bytes]:
    """An answer as a file to keep."""
    return _file(found.body, suffix, is_cut_off=found.is_cut_off)


def parquet_file(body: bytes, *, is_cut_off: bool) -> Response[bytes]:
    """The same of a Parquet file that is there."""
    return _file(body, "parquet", is_cut_off=is_cut_off)


def _file(body: bytes, suffix: Literal["csv", "parquet"], *, is_cut_off: bool) -> Response[bytes]:
    headers = {
        "content-disposition": f'attachment; filename="footfall.{suffix}"',
        "footfall-cut-off": "true" if is_cut_off else "false",
    }
    return Response(body, media_type=_TYPES[suffix], headers=headers)


def router() -> Router:
    """Everything under `/api/sql`."""
    return Router(
        "/api/sql", route_handlers=[ask, ask_csv, ask_parquet, tables, reference], tags=["sql"]
    )
