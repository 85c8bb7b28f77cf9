"""Body → records, in the two forms that bodies have: a list, or an envelope around one.

Both parse the usual body in one call and save what can be saved of all others (`blocks.json`).
"""

from __future__ import annotations

from footfall.decode.blocks.fault import Fault, wrong_type
from footfall.decode.blocks.json import (
    Batch,
    check_mendable,
    check_values,
    find_member,
    has_many_records,
    pieces_of,
    read_json,
    salvaged,
    salvaged_envelope,
    single,
    whole_array,
    whole_lines,
)
from footfall.settings import DecodeSettings


def read_batch(body: bytes, settings: DecodeSettings) -> Batch:
    """Records of a body that is an array of them, or one alone.

    Args:
        body: As `open_body` gives it.
        settings: `events_per_request_max` bounds how many are parsed.

    Raises:
        Fault: there are none, or it is too much work.
    """
    return _read(body, None, settings)[1]


def read_envelope(
    body: bytes, key: str, settings: DecodeSettings
) -> tuple[dict[str, object], Batch]:
    """The fields beside the records, and the records, of a body such as `{"<key>": […], …}`.

    Also of an array, of one record alone, and of newline-delimited JSON; they have no such fields.

    Args:
        body: As `open_body` gives it.
        key: Member that has the records.
        settings: `events_per_request_max` bounds how many are parsed.

    Raises:
        Fault: there are none, or it is too much work.
    """
    return _read(body, key, settings)


def _read(
    body: bytes, key: str | None, settings: DecodeSettings
) -> tuple[dict[str, object], Batch]:
    """Both: with a `key` the body may be an envelope or lines, too."""
    most = settings.events_max
    check_values(body)
    broken: Fault | None = None
    if not has_many_records(body, key, most):
        value = read_json(body)
        if isinstance(value, Fault):
            broken = value
        elif (found := _whole(body, value, key, most)) is not None:
            return found
    check_mendable(body)
    if key is not None:
        if broken is not None and (lines := whole_lines(body, most)) is not None:
            return {}, lines
        if (envelope := salvaged_envelope(body, key, most)) is not None:
            return envelope
    return {}, salvaged(body, broken, most)


def _whole(
    body: bytes, value: dict[str, object] | list[object], key: str | None, most: int
) -> tuple[dict[str, object], Batch] | None:
    """The same of a body that parsed; `None` if it has more than `most` records."""
    if isinstance(value, list):
        return ({}, whole_array(body, value)) if len(value) <= most else None
    if key is None or key not in value:
        return {}, single(body, value)
    records = value.pop(key)
    if not isinstance(records, list):
        fault = wrong_type("an array", records)
        fault.path = f"$.{key}"
        raise fault
    if len(records) > most:
        return None
    return value, Batch(records, lambda: pieces_of(find_member(body, key), most), f"$.{key}")
