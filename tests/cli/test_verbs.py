"""The command line as a whole: version, help, completion, one sentence for each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from footfall.cli import main
from footfall.cli.terminal.errors import masked
from tests.cli.shell import FOOTFALL, refused, run, run_here

HEAVY = {
    "alembic", "asyncio", "duckdb", "http.client", "httptools", "litestar", "numpy", "polars",
    "pyarrow", "pydantic", "pyiceberg", "rich", "sqlalchemy", "ssl", "uvicorn",
}  # fmt: skip
"""What a verb may need, and nobody should wait for who asks for help."""
MODULES_MAX = 325
"""With Python's own, and one for each group of verbs; there were 384 when verbs imported what they
need at once."""


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from _commands(command, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(main.app)))


def _help(path: tuple[str, ...]) -> str:
    """Help without a process for each verb."""
    command = typer.main.get_command(main.app)
    context = typer.Context(command, info_name="footfall", terminal_width=80)  # type: ignore[arg-type]
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
        context = typer.Context(command, info_name=name, parent=context)  # type: ignore[arg-type]
    return command.get_help(context)


def test_version() -> None:
    """The first thing that a bug report needs."""
    for option in ("--version", "-V"):
        assert (done := run(option)).stdout == "footfall 0.1.0\n", done.stderr


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("verb", [(), ("serve",), ("key",), ("key", "create"), ("studio", "link")])
def test_help_everywhere(verb: tuple[str, ...], option: str) -> None:
    """`-h` is what people type first."""
    done = run_here(*verb, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(" ".join(("Usage: footfall", *verb, "[OPTIONS]")))


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "footfall")
def test_help_reads_well(path: tuple[str, ...]) -> None:
    """No flag has a `<bool>`, no line is folded by the terminal, no summary is cut off."""
    text = _help(path)
    assert "<bool>" not in text
    repeated = (
        "COMMAND [ARGS]...",
        "{STEP}...",
        "[EVENT]...",
        "[TOUCH]...",
        "{ID}...",
        "{OPTION=VALUE}...",
    )
    for usage in repeated:
        text = text.replace(usage, "")
    assert "..." not in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_verb_stands_under_a_heading() -> None:
    """Seventeen verbs in one list are a list that nobody reads."""
    text = _help(())
    for heading in ("Run:", "Look and ask:", "Apps and events:", "Upkeep:", "Parts on their own"):
        assert heading in text
    assert "\nCommands:" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serv",), "no such command 'serv'; did you mean 'serve'; see: footfall --help"),
        (
            ("serve", "--hom", "x"),
            "no such option: --hom; did you mean --home; see: footfall serve --help",
        ),
        (("sql",), "missing argument 'statement'; see: footfall sql --help"),
        (
            ("completion", "csh"),
            "invalid value for 'shell': 'csh' is not one of 'bash', 'zsh', 'fish';"  # noqa: ISC004
            " see: footfall completion --help",
        ),
        (
            ("send", "a", "fsk_0123456789abcdef"),
            "got unexpected extra argument(s) (fsk_01234567…); see: footfall send --help",
        ),
    ],
)
def test_mistakes_in_arguments_are_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    """What is wrong, what was meant perhaps, where the right ones are listed; no secret."""
    assert refused(*arguments) == said


def test_without_a_verb_help_is_shown_and_nothing_succeeds() -> None:
    """A script that lost its verb must notice."""
    done = run_here()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: footfall")


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    """The file is named, not the line of our program."""
    out = str(tmp_path / "no" / "such" / "file")
    done = run_here("generate", "--out", out, "--duration", "1s", "--users", "2", "--rate", "2")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"footfall: no such file or directory: {out}"


@pytest.mark.parametrize("is_asked", [False, True])
def test_a_fault_is_one_sentence_and_a_traceback_only_when_asked_for(
    is_asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person reports it; a traceback with nothing else tells them nothing to do."""

    def broken(**_: object) -> None:
        raise KeyError("fsk_0123456789abcdef")

    monkeypatch.setattr(main, "app", broken)
    if is_asked:
        monkeypatch.setenv("FOOTFALL_TRACEBACK", "1")
    else:
        monkeypatch.delenv("FOOTFALL_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as ended:
        main.run()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert ("Traceback" in said) == is_asked
    if not is_asked:
        assert said.startswith("footfall: a fault of the program, please report it with what")
        assert said.count("\n") == 1
        assert "fsk_01234567…" in said
        assert "fsk_012345678" not in said


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_nothing_heavy_is_imported_for_help(option: str) -> None:
    """Counted in modules, as time depends on the machine: an import at the top costs every verb."""
    code = (
        "import json, sys; sys.argv = ['footfall', sys.argv[1]]\n"
        "from footfall.cli.main import run\n"
        "try: run()\nexcept SystemExit: print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option], capture_output=True, text=True, timeout=60, check=True
    )
    modules = json.loads(done.stdout.splitlines()[-1])
    assert HEAVY & set(modules) == set()
    assert len(modules) < MODULES_MAX


def _complete(shell: str, line: str) -> str:
    """What the script of a shell gets when Tab is pressed at the end of `line`."""
    environ = {
        "_FOOTFALL_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return run(environ=environ).stdout


def test_bash_completes() -> None:
    """In a real bash, with the script as it is printed."""
    script = (
        f"PATH={FOOTFALL.parent}:$PATH; source <(footfall completion bash)\n"
        "complete -p footfall\n"
        "COMP_WORDS=(footfall st); COMP_CWORD=1; _footfall_completion footfall\n"
        'echo "${COMPREPLY[@]}"\n'
        "COMP_WORDS=(footfall sql --format p); COMP_CWORD=3; _footfall_completion footfall\n"
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[1:] == ["status studio", "parquet"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_complete(shell: str) -> None:
    """Verbs with their summaries, and names of settings."""
    script = run_here("completion", shell).stdout
    assert f"_FOOTFALL_COMPLETE=complete_{shell}" in script
    assert "status" in _complete(shell, "footfall st")
    assert "serve" not in _complete(shell, "footfall st")
    assert "pipeline.lease" in _complete(shell, "footfall settings pipeline.l")


def test_masks_what_a_list_of_keys_does_not_show() -> None:
    """First characters tell keys apart; the rest is the secret."""
    assert masked("a fsk_abcdefghIJKL_-x, b") == "a fsk_abcdefgh…, b"
    assert masked("fsk_abcdefgh") == "fsk_abcdefgh"
