"""Errors at the HTTP edge: one table from code to status, one shape (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from footfall.clock import random_token
from footfall.errors import FootfallError, Invalid

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"

STATUS_OF_CODE: Final = {
    "invalid": HTTPStatus.BAD_REQUEST,
    "signed_out": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "conflict": HTTPStatus.CONFLICT,
    "lease_lost": HTTPStatus.CONFLICT,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "misdirected": HTTPStatus.MISDIRECTED_REQUEST,
    "limit_reached": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "corrupt": HTTPStatus.INTERNAL_SERVER_ERROR,
    "commit_unknown": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "closed": HTTPStatus.SERVICE_UNAVAILABLE,
    "disk_full": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""Every code an answer may have. Codes of `footfall.errors`, and those that only HTTP knows."""

_CODE_OF_STATUS: Final = {
    400: "invalid",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}
_logger = logging.getLogger("footfall.studio")


class NotFound(FootfallError):  # noqa: N818 (a kind, as in footfall.errors)
    """What the address names does not exist."""

    code = "not_found"


class SignedOut(FootfallError):  # noqa: N818
    """The request brought no session."""

    code = "signed_out"


class Forbidden(FootfallError):  # noqa: N818
    """The request comes from another site, or its link was used before."""

    code = "forbidden"


class Misdirected(FootfallError):  # noqa: N818
    """The request names a host that is not this machine's loopback (DNS rebinding)."""

    code = "misdirected"


class Problem(msgspec.Struct, frozen=True):
    """An error as RFC 9457 has it."""

    type: str
    """`urn:footfall:problem:` and the code."""
    title: str
    status: int
    code: str
    detail: str
    """One sentence that says what to do."""
    retryable: bool
    """Whether the same request may succeed later."""
    problems: tuple[str, ...] = ()
    """Every mistake found in the input."""
    request_id: str = ""
    """What the studio's log calls the request, where the studio is to blame; else empty."""


def problem_of(error: FootfallError) -> Problem:
    """The answer for an error of ours."""
    problems = error.problems if isinstance(error, Invalid) else ()
    return _problem(error.code, str(error), retryable=error.retryable, problems=problems)


def answer_error(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    """Exception handler of the app: any error becomes a `Problem`."""
    if isinstance(error, FootfallError):
        problem = problem_of(error)
    elif isinstance(error, HTTPException):
        code = _CODE_OF_STATUS.get(error.status_code, "internal")
        problems = _problems(error)
        detail = _detail(error, problems)
        problem = _problem(code, detail, retryable=False, problems=problems)
    else:
        problem = _problem("internal", "the studio failed; its log says why", retryable=False)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        problem = _noted(request, problem, error)
    return Response(
        msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_MEDIA_TYPE
    )


def _noted(request: Request[object, object, State], problem: Problem, error: Exception) -> Problem:
    """With an id, under which the log has what happened."""
    request_id = random_token(6)
    line = "%s %s: %s: request_id=%s"
    known = error if problem.code == "internal" else None
    level = logging.ERROR if known else logging.WARNING
    said = (request.method, request.url.path, problem.detail, request_id)
    _logger.log(level, line, *said, exc_info=known)
    return msgspec.structs.replace(problem, request_id=request_id)


def _problem(code: str, detail: str, *, retryable: bool, problems: tuple[str, ...] = ()) -> Problem:
    status = STATUS_OF_CODE[code]
    return Problem(
        type=f"urn:footfall:problem:{code}",
        title=status.phrase,
        status=status.value,
        code=code,
        detail=detail,
        retryable=retryable,
        problems=problems,
    )


def _detail(error: HTTPException, problems: tuple[str, ...]) -> str:
    if problems:  # the library's own sentence names the address and not the mistake
        return f"the request is wrong; {'; '.join(problems)}"
    return error.detail or HTTPStatus(error.status_code).phrase


def _problems(error: HTTPException) -> tuple[str, ...]:
    """Mistakes that validation found, one sentence each."""
    extra = error.extra if isinstance(error.extra, list) else []
    return tuple(
        f"{item.get('key', item.get('source', 'request'))}: {item.get('message', '')}"
        for item in extra
        if isinstance(item, dict)
    )
