"""A refusal as a page: what a person sees who opened a link or an address and was not let in.

It stands alone: whoever is not let in gets none of the front end's files. Programs get the same
sentence as a `Problem`.
"""

from __future__ import annotations

import html
from typing import Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from footfall.errors import FootfallError
from footfall.studio.edge.problems import PROBLEM_MEDIA_TYPE, Problem, problem_of

PAGE_MEDIA_TYPE: Final = "text/html"

_TITLES: Final = {
    "forbidden": "This link does not open any more",
    "misdirected": "Not at this address",
}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Footfall</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 1rem }}
h1 {{ font-size: 1.4rem; line-height: 1.3 }}
p {{ overflow-wrap: anywhere }}
code {{ font: 0.95em ui-monospace, monospace; background: rgb(128 128 128 / 18%) }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{detail}</p>
</main>
</body>
</html>
"""


def wants_page(accept: bytes) -> bool:
    """Whether the `Accept` header is a browser's that goes to an address."""
    return b"text/html" in accept.lower()


def problem_page(problem: Problem, nonce: str) -> bytes:
    """The page; `nonce` is the one that the answer's policy allows."""
    return _PAGE.format(
        title=html.escape(_TITLES.get(problem.code, problem.title)),
        nonce=html.escape(nonce),
        detail=_sentences(problem.detail),
    ).encode()


def answer_person(
    request: Request[object, object, State], error: FootfallError, nonce: str
) -> Response[bytes]:
    """A page for a browser, a `Problem` for a program."""
    problem = problem_of(error)
    headers = {"cache-control": "no-store"}
    if wants_page(request.headers.get("accept", "").encode()):
        content, media_type = problem_page(problem, nonce), PAGE_MEDIA_TYPE
    else:
        content, media_type = msgspec.json.encode(problem), PROBLEM_MEDIA_TYPE
    return Response(content, status_code=problem.status, media_type=media_type, headers=headers)


def _sentences(detail: str) -> str:
    """Text as HTML: it begins with a capital, and what is in backticks is code."""
    parts = html.escape(detail[:1].upper() + detail[1:]).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
