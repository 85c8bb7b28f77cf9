"""`footfall send`: one event from the command line, or many from standard input."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from footfall.cli._common import JsonOption, print_json
from footfall.cli.configuring.keys import KeyFileOption, KeyOption, given_key
from footfall.cli.terminal.errors import EXIT_FAILED, complain
from footfall.errors import Invalid
from footfall.project import SERVER_KEY_PREFIX

if TYPE_CHECKING:
    from footfall.client import Client, ClientStatistics

_CHUNK: Final = 5_000
"""Lines queued before waiting for their answers: a file of any size needs little memory."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

NameArgument = Annotated[
    str | None,
    typer.Argument(help="Name of the event; without it, standard input: a JSON object a line."),
]
UrlOption = Annotated[str, typer.Option("--url", help="Collector to send to.")]
WriteIdOption = Annotated[str | None, typer.Option("--write-id", help="Public id of an app.")]
VisitorOption = Annotated[str | None, typer.Option("--visitor", help="Anonymous visitor id.")]
UserOption = Annotated[str | None, typer.Option("--user", help="User id.")]
PageOption = Annotated[str | None, typer.Option("--page", help="URL of the page.")]
PropertyOption = Annotated[
    list[str],
    typer.Option("--property", "-p", help="A property; the value is JSON or text.", metavar="K=V"),
]
TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", min=0.1, metavar="SECONDS", help="How long to try before giving up."),
]


def send(
    context: typer.Context,
    name: NameArgument = None,
    url: UrlOption = "http://127.0.0.1:7700",
    write_id: WriteIdOption = None,
    key: KeyOption = None,
    key_file: KeyFileOption = None,
    visitor: VisitorOption = None,
    user: UserOption = None,
    page: PageOption = None,
    properties: PropertyOption = [],  # noqa: B006 (Typer makes a new list for each call)
    timeout: TimeoutOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Send events to /v1/events and wait until they are acknowledged.

    footfall send signup --write-id web --visitor v1 -p plan=pro

    footfall send --write-id web < events.ndjson

    A server key (for servers, in place of --write-id) comes from FOOTFALL_KEY or --key-file.
    """
    if name is None and sys.stdin.isatty():
        raise Invalid("name the event, or pipe a file with one JSON object a line into this")
    if name is None and key_file == Path("-"):
        raise Invalid("standard input is either the key or the events; name a file for the key")
    if write_id is not None and write_id.startswith(SERVER_KEY_PREFIX):
        raise Invalid("that is a secret server key; give it as FOOTFALL_KEY or --key-file")
    _check_text(name, visitor, user, page, *properties)
    secret = given_key(context, key, key_file, unless=write_id)
    given = {
        "visitor_id": visitor,
        "user_id": user,
        "page": None if page is None else {"url": page},
        "properties": _properties(properties) or None,
    }
    events: Iterable[tuple[int, dict[str, Any]]] = (
        _read_lines(sys.stdin.buffer) if name is None else [(0, {"name": name, **given})]
    )
    from footfall.client import Client, DeliveryWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeliveryWarning)  # told below, with the sums
        client = Client(url, write_id=write_id, key=secret, queue_max=2 * _CHUNK, flush_seconds=0.0)
        try:
            _track(client, events, timeout)
        finally:
            statistics = client.close(timeout)
    _tell(statistics, as_json=as_json)


def _track(client: Client, events: Iterable[tuple[int, dict[str, Any]]], timeout: float) -> None:
    for position, (line, event) in enumerate(events, 1):
        try:
            client.track(**event)
        except Invalid as error:
            if not line:
                raise
            raise Invalid(f"line {line}: {error}") from None
        if position % _CHUNK == 0:
            client.flush(timeout)
            if client.statistics().waiting:
                return


def _read_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Events of newline-delimited JSON, in the words of /v1/events, and the lines they are in.

    Raises:
        Invalid: a line is no such event; the message names it.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)  # noqa: PLW2901 (the API skips it, too)
        if not line.strip():
            continue
        event = _object(line, number)
        if not isinstance(event.get("name"), str):
            raise Invalid(f"line {number} has no name")
        yield number, _as_event(event) | _timestamp(event, number)


def _as_event(event: dict[str, Any]) -> dict[str, Any]:
    """The event with fields that no event has among its properties, where the API puts them."""
    from footfall.client._event import FIELDS

    others = {key: value for key, value in event.items() if key not in FIELDS and key != "name"}
    properties = event.get("properties") or {}
    if not others or not isinstance(properties, dict):
        return event
    kept = {key: value for key, value in event.items() if key not in others}
    return kept | {"properties": others | properties}


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Usual lines do not pay for loading what mends the same as the API, and knows why not.
        from footfall.decode.blocks.fault import Fault, wrong_type
        from footfall.decode.blocks.parse import parse_record

    found = parse_record(line)
    if isinstance(found, dict):
        return found
    fault = found if isinstance(found, Fault) else wrong_type("an object", found)
    raise Invalid(f"line {number} is no JSON object: {fault.message}")


def _timestamp(event: dict[str, Any], number: int) -> dict[str, Any]:
    if "timestamp" not in event:
        return {}
    try:
        return {"timestamp": msgspec.convert(event["timestamp"], datetime)}
    except msgspec.ValidationError as error:
        raise Invalid(f"line {number}: timestamp: {error}") from None


def _check_text(*arguments: str | None) -> None:
    for argument in arguments:
        try:
            (argument or "").encode()
        except UnicodeEncodeError:
            raise Invalid(f"an argument is not valid UTF-8: {argument!a}") from None


def _properties(arguments: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not (name and equals):
            raise Invalid(f"write a property as name=value, not {argument!r}")
        try:
            found[name] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found[name] = text
    return found


def _tell(statistics: ClientStatistics, *, as_json: bool) -> None:
    unsent = statistics.dropped + statistics.refused + statistics.waiting
    if as_json:
        print_json(statistics)
    else:
        typer.echo(f"acknowledged: {statistics.sent}")
    if unsent:
        why = statistics.last_error or "no answer in time"
        complain(f"{unsent} events were not taken: {why}")
        raise typer.Exit(EXIT_FAILED)
