"""Routes of saved queries."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from litestar import MediaType, Response, Router, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from footfall.catalog.entries import QueryParameter, SavedQuery
from footfall.studio.api.catalog.routes import catalog_of
from footfall.studio.api.sql.routes import file_of
from footfall.studio.api.sql.runner import SQL_LENGTH_MAX, SqlAnswerShape, SqlValue, answer_of
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use

_ANSWER: Final = ResponseSpec(
    SqlAnswerShape, generate_examples=False, description="Columns and rows."
)


class SavedQueries(msgspec.Struct, frozen=True):
    """Answer of `GET /api/queries`."""

    queries: tuple[SavedQuery, ...]
    """By name."""


class QueryToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/queries`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """Letters, digits and `_`; one that is there is replaced."""
    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=SQL_LENGTH_MAX)]
    """A SELECT with `:name` or `$name` where values go."""
    parameters: tuple[QueryParameter, ...] = ()
    """Types and defaults; one that is not named is text and must be given."""
    description: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class QueryValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/queries/{name}/run`."""

    params: dict[str, SqlValue | list[SqlValue]] = {}
    """Values by name; a list for a parameter that is one."""
    format: Literal["rows", "csv", "parquet"] = "rows"
    """Of the answer; files are as those of `/api/sql/csv` and `/api/sql/parquet`."""


@get("/", summary="Saved queries", sync_to_thread=True, responses=PROBLEMS)
def queries(services: Use) -> SavedQueries:
    """Of all people of the project, by name."""
    if services.catalog is None:  # a server without one has none
        return SavedQueries(())
    return SavedQueries(tuple(services.catalog.queries.list()))


@post("/", summary="Save a query", status_code=200, sync_to_thread=True, responses=PROBLEMS)
def save(services: Use, data: JSONBody[QueryToSave]) -> SavedQuery:
    """Keep a statement under a name, for all who may ask."""
    return catalog_of(services).queries.save(data.name, data.sql, data.parameters, data.description)


@post(
    "/{name:str}/run",
    summary="Run a saved query",
    status_code=200,
    responses={**PROBLEMS, 200: _ANSWER},
)
async def run(
    services: Use, request: AnyRequest, name: FromPath[str], data: JSONBody[QueryValues]
) -> Response[bytes]:
    """Its rows; values are bound, never a part of the text. It ends with the asker's connection."""
    saved = catalog_of(services).queries
    sql, values = await asyncio.to_thread(saved.statement, name, data.params)
    found = await while_asked(request.receive, services.sql.run(sql, values, format=data.format))
    if data.format != "rows":
        return file_of(found, data.format)
    return Response(msgspec.json.encode(answer_of(found)), media_type=MediaType.JSON)


@delete("/{name:str}", summary="Forget a query", sync_to_thread=True, responses=PROBLEMS)
def remove(services: Use, name: FromPath[str]) -> None:
    """For all people of the project."""
    catalog_of(services).queries.remove(name)


def router() -> Router:
    """Everything under `/api/queries`."""
    return Router("/api/queries", route_handlers=[queries, save, run, remove], tags=["queries"])
