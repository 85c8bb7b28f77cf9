"""`footfall query`: a statement kept under a name, run with values, listed and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.testing.events import event_table
from tests.cli.shell import run_here
from tests.query.cuts import CutWriter


@pytest.mark.slow
def test_a_query_from_the_terminal(tmp_path: Path) -> None:
    """Values are typed and bound: what is no number is refused, what looks like SQL is text."""
    cut = CutWriter(tmp_path)
    cut.to_tail("events", event_table({"event_name": name} for name in ("buy", "buy", "see")))
    cut.publish()
    at = ("--home", str(cut.home.root))

    def told(*arguments: str) -> str:
        done = run_here("query", *arguments, *at)
        assert done.returncode == 0, done.stderr
        return done.stdout.replace('"', "").strip()

    assert told("list") == "no queries yet; footfall query save keeps one"
    sql = (
        "SELECT event_name, count(*) AS n FROM events WHERE event_name <> :without"
        " GROUP BY 1 HAVING count(*) > :least ORDER BY 1"
    )
    types = ("--type", "least=integer=0", "--description", "How often what happened")
    saved = told("save", "by_name", sql, "--type", "without=text", *types)
    assert saved.startswith("saved by_name; run it with: footfall query run by_name --param")
    assert told("list").endswith("How often what happened")
    assert sql in told("show", "by_name")
    asked = ("run", "by_name", "--format", "csv", "--param")
    assert told(*asked, "without=x").split() == ["event_name,n", "buy,2", "see,1"]
    assert told(*asked, "without=x", "--param", "least=1").split() == ["event_name,n", "buy,2"]
    assert told(*asked, "without=' OR 1=1 --").split() == ["event_name,n", "buy,2", "see,1"]
    for given, said in (
        ((*asked, "without=x", "--param", "least=many"), "least is a whole number, not 'many'"),
        (("run", "by_name"), "without"),
        (("run", "other"), "other"),
    ):
        wrong = run_here("query", *given, *at)
        assert (wrong.returncode, said in wrong.stderr) == (2, True), wrong.stderr
    told(
        "save",
        "of",
        sql.replace("<> :without", "IN (:names)"),
        "--type",
        "names=text[]=buy",
        *types,
    )
    assert "-- :names is text[], buy if not given" in told("show", "of")
    assert told("run", "of", "--format", "csv").split() == ["event_name,n", "buy,2"]
    both = told("run", "of", "--format", "csv", "--param", "names=see,buy")
    assert both.split() == ["event_name,n", "buy,2", "see,1"]
    told("remove", "of")
    told("remove", "by_name")
    assert told("list") == "no queries yet; footfall query save keeps one"
