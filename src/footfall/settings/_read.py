"""Reading settings: sources one over the other, texts with units, every mistake with its source.

Any tree of sections of typed values will do. Some sections it knows by name: `[enrich]`,
which has a section for each step, and those with tables of things that have names of their own:
`[sessions]`, `[alerts]`, `[continuous]`, `[deliver]`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from types import UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import msgspec

from footfall.secret import Secret
from footfall.settings._beyond import beyond_type
from footfall.settings._continuous import QueryDefinition, read_queries
from footfall.settings._deliver import DestinationSettings, Mistakes, read_destinations
from footfall.settings._sessions import DefinitionSettings, read_definitions, read_goals
from footfall.settings.alerts import ChannelSettings, RuleSettings, read_channels, read_rules
from footfall.settings.kinds import NONE_WORDS, Age, Bound, Duration, Size, read_quantity

_ENRICH: Final = "enrich"
_WITH_PARTS: Final = ("ENRICH", "LOG")
"""Sections with sections of their own, such as `[log.kafka]`."""


def read(
    tree: type[msgspec.Struct],
    file: Path | None,
    environ: Mapping[str, str] | None,
    overrides: Iterable[str],
) -> tuple[dict[str, Any], dict[str, dict[str, Any]], dict[str, str], list[str]]:
    """Read all sources, the later ones over the earlier.

    Args:
        tree: Its fields are the sections, structs each.
        file: As `load_settings`.
        environ: As `load_settings`.
        overrides: As `load_settings`.

    Returns:
        Sections by name, not whole where there are mistakes; values as they are written, by section
        and name; the source of each `section.name`; mistakes.
    """
    values = default_values()
    sources = {
        f"{section}.{name}": "defaults.toml" for section, names in values.items() for name in names
    }
    problems: list[str] = []
    if file is not None and file.exists():
        _merge(values, sources, _read_file(file, problems), str(file), problems)
    _merge(values, sources, _from_environ(environ or {}), "environment", problems)
    _merge(values, sources, _from_overrides(overrides, problems), "command line", problems)
    sections = {
        name: _section(name, kind, values[name], sources, problems)
        for name, kind in get_type_hints(tree).items()
    }
    return sections, values, sources, problems


def default_toml() -> str:
    """Text of the commented reference."""
    return resources.files("footfall").joinpath("defaults.toml").read_text("utf-8")


def default_values() -> dict[str, dict[str, Any]]:
    """The reference by section and name; names in `[log.kafka]` and its like are `kafka.<name>`."""
    sections = cast("dict[str, dict[str, Any]]", tomllib.loads(default_toml()))
    return {section: _flat(section, names) for section, names in sections.items()}


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: not TOML: {error}")
        return {}


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in environ.items():
        parts = name.split("__")
        if parts[0] == "FOOTFALL" and len(parts) in (3, 4 if parts[1] in _WITH_PARTS else 3):
            setting = ".".join(parts[2:]).lower()
            found.setdefault(parts[1].lower(), {})[setting] = _toml_value(text)
    return found


def _from_overrides(overrides: Iterable[str], problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        section, dot, name = key.strip().partition(".")
        if not (equals and dot):
            problems.append(f"command line: write section.name=value, not {override!r}")
            continue
        found.setdefault(section, {})[name] = _toml_value(text.strip())
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merge(
    values: dict[str, dict[str, Any]],
    sources: dict[str, str],
    found: Mapping[str, Any],
    source: str,
    problems: list[str],
) -> None:
    for section, names in found.items():
        if section not in values or not isinstance(names, dict):
            problems.append(f"{source}: no section [{section}]; there are {', '.join(values)}")
            continue
        for name, value in _flat(section, names).items():
            if name not in values[section] and not _may_be_a_steps(section, name):
                problems.append(
                    f"{source}: no setting {section}.{name}; there are {', '.join(values[section])}"
                )
                continue
            values[section][name] = value
            sources[f"{section}.{name}"] = source


def _flat(section: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The tables within a section with parts as names with a dot; elsewhere a table is a value."""
    if section.upper() not in _WITH_PARTS:
        return dict(names)
    found: dict[str, Any] = {}
    for name, value in names.items():
        if isinstance(value, dict):
            found.update({f"{name}.{option}": each for option, each in value.items()})
        else:
            found[name] = value
    return found


def _may_be_a_steps(section: str, name: str) -> bool:
    """Whether it is of a step whose settings only `footfall.enrich` knows."""
    step, dot, _ = name.partition(".")
    if section != _ENRICH or not dot:
        return False
    return not any(other.startswith(f"{step}.") for other in default_values()[_ENRICH])


def _enrich(
    kind: type[msgspec.Struct],
    values: Mapping[str, Any],
    sources: Mapping[str, str],
    problems: list[str],
) -> msgspec.Struct:
    options: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        step, dot, option = name.partition(".")
        if dot:
            options.setdefault(step, {})[option] = value
    try:
        steps = msgspec.convert(values["steps"], tuple[str, ...])
    except msgspec.ValidationError as error:
        problems.append(f"{sources['enrich.steps']}: enrich.steps: {error}")
        steps = ()
    return kind(steps, options)


def _section(
    section: str,
    kind: type[msgspec.Struct],
    values: Mapping[str, Any],
    sources: Mapping[str, str],
    problems: list[str],
    prefix: str = "",
) -> Any:
    if section == _ENRICH:
        return _enrich(kind, values, sources, problems)
    hints = get_type_hints(kind, include_extras=True)
    converted: dict[str, Any] = {}
    for name, hint in hints.items():
        part = part_of(hint)
        if part is not None:
            converted[name] = _section(section, part, values, sources, problems, f"{name}.")
            continue
        where = f"{sources[f'{section}.{prefix}{name}']}: {section}.{prefix}{name}"
        try:
            converted[name] = _convert(hint, values[prefix + name])
        except Mistakes as error:
            problems.extend(f"{where}: {one}" for one in error.args)
        except (ValueError, msgspec.ValidationError) as error:
            problems.append(f"{where}: {error}")
        else:
            problems.extend(
                f"{where}: {problem}" for problem in beyond_type(section, name, converted[name])
            )
    return converted if len(converted) < len(hints) else kind(**converted)


def part_of(hint: Any) -> type[msgspec.Struct] | None:
    """The section within a section that a setting is, if it is one."""
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    parts = (one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct))
    return next(parts, None)


_NAMED: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (dict[str, DefinitionSettings], read_definitions),
    (dict[str, QueryDefinition], read_queries),
    (dict[str, dict[str, float]], read_goals),
    (dict[str, DestinationSettings], read_destinations),
    (dict[str, RuleSettings], read_rules),
    (dict[str, ChannelSettings], read_channels),
)
"""Tables of things with names of their own, and what reads them."""


def _convert(hint: Any, value: Any) -> Any:
    if hint in NONE_WORDS and value == NONE_WORDS[hint]:
        return None
    for kind, read in _NAMED:
        if hint == kind:
            return read(value)
    if hint in (Duration, Size, Bound, Age):
        return read_quantity(hint, value)
    if hint is Secret:
        if not isinstance(value, str):
            raise ValueError("a text")  # what was written may be the secret
        return Secret(value)
    return msgspec.convert(value, hint)
