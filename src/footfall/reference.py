"""Settings that describe themselves: default, unit, meaning, and where a value came from.

For `footfall settings` and docs/settings.md. Meanings are the comments of `defaults.toml`, units
follow from the types in `footfall.settings`: nothing is said twice, so nothing can disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from footfall.secret import Secret
from footfall.settings import Settings, default_toml, default_values, part_of, resolve_settings
from footfall.settings.kinds import Age, Bound, CountBySize, Duration, Port, Size

_SECTION: Final = re.compile(r"^\[(\w+)(?:\.(\w+))?\]")
_LINE: Final = re.compile(r"^(\w+)\s*=\s*(.*?)\s+#\s+(.*)$")
_RATES: Final = {"rate_per_app_max": "requests per second"}
_SECRETS: Final = ("url", "secret")
"""Names in tables of channels whose values are shown nowhere."""
_UNITS: Final = {
    "Duration": "duration (ms, s, m, h, d)",
    "Size": "size (B, KiB, MiB, GiB)",
    "Bound": "size (B, KiB, MiB, GiB), or unlimited",
    "Age": "duration (ms, s, m, h, d), or forever",
    "CountBySize": "events per request, or by size",
    "Port": "port",
    "Secret": "text that is shown nowhere",
}
_KINDS: Final = {
    "Duration": Duration,
    "Size": Size,
    "Bound": Bound,
    "Age": Age,
    "CountBySize": CountBySize,
    "Port": Port,
    "Secret": Secret,
}


class Setting(msgspec.Struct, frozen=True):
    """One setting, as a person reads it."""

    name: str
    """`section.name`."""
    value: Any
    """As it is written in TOML, such as `"15s"`."""
    default: Any
    unit: str
    meaning: str
    source: str
    """`default`, the file, the environment variable or `command line`."""

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.source == "default"


def describe(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> list[Setting]:
    """All settings in the order of `defaults.toml`, with the values these sources give.

    Raises:
        Invalid: the sources have mistakes; all are told at once.
    """
    values, sources = resolve_settings(file, environ, overrides)
    defaults = default_values()
    units = _all_units(defaults)
    return [
        Setting(
            name=f"{section}.{name}",
            value=_masked(values[section][name], units[f"{section}.{name}"]),
            default=defaults[section][name],
            unit=units[f"{section}.{name}"],
            meaning=meaning,
            source=_shown_source(sources[f"{section}.{name}"], section, name),
        )
        for section, name, meaning in _meanings()
    ]


def as_toml(value: Any) -> str:
    """A setting's value as it is written in `footfall.toml`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    return msgspec.json.encode(value).decode()


def variable(section: str, name: str) -> str:
    """Environment variable that sets it."""
    return f"FOOTFALL__{section.upper()}__{name.upper().replace('.', '__')}"


def _meanings() -> Iterable[tuple[str, str, str]]:
    """Section, name and comment of each line of the defaults that has a setting."""
    section = prefix = ""
    for line in default_toml().splitlines():
        if heading := _SECTION.match(line):
            section, prefix = heading[1], f"{heading[2]}." if heading[2] else ""
        elif match := _LINE.match(line):
            yield section, prefix + match[1], match[3]


def _masked(value: Any, unit: str) -> Any:
    if isinstance(value, dict):  # tables such as [alerts.channels.ops]
        return {
            name: "***" if name in _SECRETS and text else _masked(text, "")
            for name, text in value.items()
        }
    return "***" if unit == _UNITS["Secret"] and value else value


def _all_units(defaults: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    units = {
        f"{section}.{name}": unit
        for section, kind in get_type_hints(Settings).items()
        for name, unit in _units_of(kind)
    }
    of_steps = (name for name in defaults["enrich"] if "." in name)
    return units | {
        f"enrich.{name}": _unit(name.partition(".")[2], type(defaults["enrich"][name]))
        for name in of_steps
    }


def _units_of(kind: type) -> Iterable[tuple[str, str]]:
    """Name and unit of each setting of a section, those of sections within it among them."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        part = part_of(hint)
        if part is None:
            yield name, _unit(name, hint)
        else:
            yield from ((f"{name}.{inner}", unit) for inner, unit in _units_of(part))


def _unit(name: str, hint: Any) -> str:
    """What a number counts, or what else may stand there."""
    for kind, known in _KINDS.items():
        if hint == known:
            return _UNITS[kind]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "list of texts"
    if get_origin(hint) in (Union, UnionType) or hint is str:
        return "text"
    if hint in (bool, float):
        return "true or false" if hint is bool else "number"
    return _RATES.get(name) or _counted(name)


def _counted(name: str) -> str:
    """`quarantine_requests_per_hour_max` counts requests per hour, `merge_runs` runs."""
    words = name.removesuffix("_max").removesuffix("_min").split("_")
    if "per" in words:
        return " ".join(words[words.index("per") - 1 :])
    return words[-1]


def _shown_source(source: str, section: str, name: str) -> str:
    if source == "defaults.toml":
        return "default"
    return f"environment {variable(section, name)}" if source == "environment" else source
