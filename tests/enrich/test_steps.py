"""The list of steps: what a step may give back, what it fails for, and what settings may say.

Steps here are the test's own, found as those of an installed package are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import decode
from footfall.enrich import (
    DEFAULT_PLAN,
    Step,
    StepPlan,
    enrich,
    event_fields,
    event_schema,
    own_columns,
    own_field,
    per_distinct,
    plan_steps,
    registry,
    run,
    warm_up,
)
from footfall.errors import Corrupt, Invalid
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.epoch.prepare import prepare
from footfall.settings import EnrichSettings, load_settings
from tests.decode.builders import AWS_EVENT, SETTINGS, logged

CLOCK = load_settings().clock


class Point:
    """What `importlib.metadata` finds of a package."""

    def __init__(self, name: str, found: Any) -> None:
        self.name, self.found, self.value, self.loads = name, found, f"package:{name}", 0

    def load(self) -> Any:
        self.loads += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes steps installed: `installed(step, …)`."""
    points: list[Point] = []
    monkeypatch.setattr(registry.metadata, "entry_points", lambda group: points)

    def install(*found: Any, name: str | None = None) -> list[Point]:
        new = [Point(name or one.name, one) for one in found]
        points.extend(new)
        registry.find_step.cache_clear()
        return new

    yield install
    registry.find_step.cache_clear()


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most: int = 10
    words: tuple[str, ...] = ("a",)


SHOUT = own_field("shout", pa.string(), "The event's name, loud.")


def shout(events: pa.Table, _: Any) -> dict[str, pa.Array]:
    names = events.column("event_name").combine_chunks()
    if pc.any(pc.starts_with(names, "bad")).as_py():
        raise ValueError(f"cannot shout: {object()}")
    return {"shout": pc.utf8_upper(names)}


def step(function: Callable[..., Any] = shout, **changes: Any) -> Step:
    known: dict[str, Any] = {
        "name": "shout",
        "version": 1,
        "reads": ("event_name",),
        "writes": (SHOUT,),
        "run": function,
    }
    return Step(**known | changes)


def events(*requests: Sequence[str]) -> pa.Table:
    """Events of these names, a list for each request."""
    sent = [
        logged(
            [
                AWS_EVENT | {"event_type": name, "event_id": f"{offset}-{n}"}
                for n, name in enumerate(names)
            ],
            offset=offset,
        )
        for offset, names in enumerate(requests)
    ]
    return decode(sent, SETTINGS).events


def with_shout(*names: str) -> tuple[StepPlan, ...]:
    return plan_steps(EnrichSettings((*names, "shout")))


class Ran(NamedTuple):
    events: pa.Table
    failures: pa.Table


def ran(one: Step, its_settings: Any, table: pa.Table) -> Ran:
    """A step by itself."""
    found = run.run_step(one, its_settings, run.Rows(table))
    failures = FAILED_SCHEMA.empty_table() if found.failures is None else found.failures
    return Ran(found.rows.whole(), failures)


# Failing


def test_only_the_events_at_fault_fail(installed: Any) -> None:
    """One odd event among thousands must cost one event; its neighbours do not notice."""
    installed(step())
    requests = [["a"], ["b", "bad_1", "c"], ["bad_2"], ["d"] * 100 + ["bad_3"] + ["e"] * 100]
    found = enrich(events(*requests), CLOCK, steps=with_shout())
    good = [name for name in itertools.chain(*requests) if not name.startswith("bad")]
    assert found.events.column("shout").to_pylist() == [name.upper() for name in good]
    assert found.failures.schema.equals(FAILED_SCHEMA)
    rows = found.failures.to_pylist()
    assert [(row["event_name"], row["reason"], row["part"]) for row in rows] == [
        (name, "enrichment", "record") for name in ("bad_1", "bad_2", "bad_3")
    ]
    assert [row["request_index"] for row in rows] == [1, 0, 100]
    said = "enrichment step shout failed: ValueError: cannot shout: <object object at 0x…>"
    assert {row["message"] for row in rows} == {said}
    assert msgspec.json.decode(rows[0]["payload"])["event_name"] == "bad_1"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "bad"]), min_size=1, max_size=6), min_size=1))
def test_rows_do_not_depend_on_what_else_came(requests: list[list[str]]) -> None:
    """An epoch that is done again comes in other batches, and must have the same rows."""
    broken = step()
    table = enrich(events(*requests), CLOCK, steps=()).events
    whole = ran(broken, None, table)
    offsets = table.column("log_offset")
    alone = [
        ran(broken, None, table.filter(pc.equal(offsets, offset)))
        for offset in range(len(requests))
    ]
    assert whole.events.equals(pa.concat_tables([one.events for one in alone]))
    assert whole.failures.equals(pa.concat_tables([one.failures for one in alone]))
    names = table.column("event_name").to_pylist()
    assert whole.events.num_rows == sum(name != "bad" for name in names)


def test_looking_for_faults_is_bounded() -> None:
    """A step that fails for all events costs twice their number, and of one request much less."""
    calls = []

    def broken(rows: pa.Table, _: Any) -> Any:
        calls.append(rows.num_rows)
        raise ValueError

    many = enrich(events(*[["a"]] * 64), CLOCK, steps=()).events
    assert ran(step(broken), None, many).failures.num_rows == 64
    assert len(calls) == 1 + 2 * 64 - 1

    calls.clear()
    one = enrich(events(["a"] * 2_000), CLOCK, steps=()).events
    assert ran(step(broken), None, one).failures.num_rows == 2_000
    assert len(calls) <= 1 + run.TRIES_MAX + 1


def test_what_is_found_late_in_a_large_request(installed: Any) -> None:
    """Of several thousand events a dozen at fault are told from the rest, within the bound."""
    names = ["a"] * 4_000
    for place in range(100, 4_000, 400):
        names[place] = "bad"
    installed(step())
    found = enrich(events(names), CLOCK, steps=with_shout())
    assert found.failures.num_rows == names.count("bad") == 10
    assert found.events.num_rows == 3_990


def test_a_failed_event_does_not_meet_the_next_step(installed: Any) -> None:
    """And fails once, by the first step that fails for it."""
    seen: list[str] = []

    def see(rows: pa.Table, _: Any) -> dict[str, pa.Array]:
        seen.extend(rows.column("event_name").to_pylist())
        return shout(rows, None)

    installed(step(), step(see, name="later", writes=(own_field("later", pa.string(), "x"),)))
    steps = plan_steps(EnrichSettings(("shout", "later")))
    found = enrich(events(["a", "bad"]), CLOCK, steps=steps)
    assert "bad" not in seen
    assert found.failures.num_rows == 2  # `later` gives back a column of another name: its fault
    assert "later failed" in found.failures.column("message").to_pylist()[0]


def test_out_of_memory_is_not_the_events_fault() -> None:
    """The process is to end and start anew, as for everything else."""

    def hungry(rows: pa.Table, _: Any) -> Any:
        raise MemoryError

    with pytest.raises(MemoryError):
        ran(step(hungry), None, enrich(events(["a"]), CLOCK, steps=()).events)


# What a step gives back

SHOUTED = pa.array(["A", "B"])


@pytest.mark.parametrize(
    ("given_back", "said"),
    [
        ({"shout": pa.array(["A"] * 3)}, "shout has 3 values for 2 events"),
        ({"shout": pa.array([1, 2])}, "shout is int64; it declares string"),
        ({"shout": ["A", "B"]}, "shout is a list; give a pyarrow array"),
        ({}, "it did not give columns that it declares: shout"),
        (
            {"shout": SHOUTED, "event_id": SHOUTED},
            "it gave columns that it does not declare in writes: event_id",
        ),
        (None, "it gave a NoneType; give a dict of columns by name"),
        (pa.table({"shout": SHOUTED}), "it gave a Table; give a dict of columns by name"),
        (
            {"shout": pa.array(["A", "é" * 40_000])},
            "shout has a text of 80000 bytes, of 65536 at most",
        ),
    ],
)
def test_a_fault_of_the_step_is_said(given_back: Any, said: str) -> None:
    """Its author reads it among the failed events, and mends the step."""
    table = enrich(events(["a", "b"]), CLOCK, steps=()).events
    with pytest.raises(run.StepFault) as error:
        run._check(step(), given_back, table.num_rows)
    assert str(error.value) == said
    found = ran(step(lambda rows, _: given_back), None, table)
    assert found.events.num_rows == 0
    assert all("step shout failed: " in text for text in found.failures["message"].to_pylist())


def test_a_column_that_every_event_has_must_not_be_null() -> None:
    """Else the lake could not be written."""
    nulls = step(
        lambda rows, _: {"is_bot": pa.nulls(rows.num_rows, pa.bool_())},
        writes=event_fields("is_bot"),
    )
    table = enrich(events(["a", "b"]), CLOCK, steps=()).events
    (message,) = set(ran(nulls, None, table).failures["message"].to_pylist())
    assert (
        message == "enrichment step shout failed: is_bot has nulls; every event needs a value there"
    )


def test_a_step_sees_what_it_declares_and_nothing_else() -> None:
    """So what it depends on stands in its declaration; a column nobody made is null."""
    seen: list[Any] = []

    def see(rows: pa.Table, _: Any) -> dict[str, pa.Array]:
        seen.append(rows.to_pylist())
        return {"shout": pa.array(["A"])}

    table = enrich(events(["a"]), CLOCK, steps=()).events
    ran(step(see, reads=("event_name", "browser")), None, table)
    assert seen == [[{"event_name": "a", "browser": None}]]


# Settings


def problems(*overrides: str) -> list[str]:
    with pytest.raises(Invalid) as error:
        plan_steps(load_settings(overrides=overrides).enrich)
    return list(error.value.problems)


def test_all_mistakes_at_once(installed: Any) -> None:
    """Who mends one after the other starts the program five times."""
    installed(
        step(settings=Limits),
        step(name="wrong", writes=(pa.field("event_id", pa.string()),)),
        step(name="reader", reads=("loudness",), writes=event_fields("term")),
    )
    installed(ImportError("no module named x"), name="broken")
    installed("text", name="no_step")
    found = problems(
        'enrich.steps=["page", "page", "shuot", "shout", "broken", "no_step", "wrong", "reader"]',
        "enrich.shout.most=many",
        "enrich.shout.least=1",
        "enrich.nobody.x=1",
    )
    assert found == [
        "enrich.steps: page stands there twice",
        (
            "enrich.steps: no step 'shuot'; there are user_agent, bots, page, language, campaign,"
            " broken, no_step, reader, shout, wrong"
        ),
        (
            "enrich.steps: step broken cannot be loaded; mend or remove its package:"
            " package:broken: ImportError: no module named x"
        ),
        "enrich.steps: step no_step is no footfall.enrich.Step: package:no_step",
        (
            "enrich.steps: step wrong is not well declared: it must not write event_id, by which"
            " events are told apart"
        ),
        (
            "enrich.nobody: no step 'nobody'; there are user_agent, bots, page, language,"
            " campaign, broken, no_step, reader, shout, wrong"
        ),
        "enrich.shout: no setting least; there are most, words",
        "enrich.shout: Expected `int`, got `str` - at `$.most`",
        "enrich.steps: reader reads loudness, which neither events nor a step before it have",
    ]


def test_our_own_steps_settings_are_looked_at_too() -> None:
    """By the same code that plans them."""
    assert problems("enrich.bots.libraries=maybe", "enrich.campaign.parameters_max=0") == [
        "enrich.bots: Invalid enum value 'maybe' - at `$.libraries`",
        "enrich.campaign: Expected `int` >= 1 - at `$.parameters_max`",
    ]
    with pytest.raises(Invalid, match=r"no setting enrich\.bots\.lbraries; there are"):
        load_settings(overrides=["enrich.bots.lbraries=never"])


def test_settings_from_every_source(installed: Any, tmp_path: Any) -> None:
    """File, environment and command line, as every other setting."""
    installed(step(settings=Limits))
    file = tmp_path / "footfall.toml"
    file.write_text('[enrich]\nsteps = ["shout"]\n[enrich.shout]\nmost = 3\nwords = ["b"]\n')
    environ = {"FOOTFALL__ENRICH__SHOUT__MOST": "4", "FOOTFALL__ENRICH__BOTS__LIBRARIES": "never"}
    found = load_settings(file, environ, ['enrich.shout.words=["c"]'])
    assert plan_steps(found.enrich) == (StepPlan("shout", 1, {"most": 4, "words": ["c"]}),)
    assert found.enrich.options["bots"] == {"libraries": "never"}


def test_order_and_turning_off(installed: Any) -> None:
    """A step that is left out leaves its columns empty; the order is the list's."""
    installed(step(reads=("browser",), run=lambda rows, _: {"shout": rows.column("browser")}))
    user_agent = events(["a"]).set_column(
        events(["a"]).schema.get_field_index("user_agent"), "user_agent", pa.array(["curl/8"])
    )
    after = plan_steps(EnrichSettings(("user_agent", "shout")))
    before = plan_steps(EnrichSettings(("shout", "user_agent")))
    assert enrich(user_agent, CLOCK, steps=after).events["shout"].to_pylist() == ["curl"]
    assert enrich(user_agent, CLOCK, steps=before).events["shout"].to_pylist() == [None]
    rules = msgspec.structs.replace(Rules.of(load_settings()), enrich=())
    row = prepare([logged([AWS_EVENT])], rules).events.to_pylist()[0]
    assert (row["browser"], row["page_path"], row["is_bot"]) == (None, None, False)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (pa.field("event_time", pa.string()), "it must not write event_time"),
        (pa.field("browser", pa.int64()), "it writes browser as int64; events have it as string"),
        (pa.field("Loud", pa.string()), "a column's name must be lower-case"),
        (pa.field("loud", pa.list_(pa.string())), "loud cannot be list"),
    ],
)
def test_declarations_that_cannot_be(installed: Any, field: pa.Field, said: str) -> None:
    """Said at the start, not with the first event."""
    installed(step(writes=(field,)))
    with pytest.raises(Invalid, match=said):
        registry.find_step("shout")


def test_one_of_ours_cannot_be_replaced(installed: Any) -> None:
    """A package that could would change what columns mean behind everybody's back."""
    (point,) = installed(step(name="page"))
    assert plan_steps(EnrichSettings(("page",)))[0] == DEFAULT_PLAN[2]
    assert point.loads == 0


# The plan


def test_defaults_are_the_plan_of_the_defaults() -> None:
    """Two statements of the same, held together."""
    assert plan_steps(load_settings().enrich) == DEFAULT_PLAN


def test_the_plan_has_names_versions_and_all_settings(installed: Any) -> None:
    """So an epoch that is done again goes by what it was done by."""
    installed(step(settings=Limits, version=7))
    overrides = ['enrich.steps=["page", "shout"]', "enrich.shout.most=2"]
    rules = Rules.of(load_settings(overrides=overrides))
    again = msgspec.json.decode(msgspec.json.encode(rules), type=Rules)
    assert again.enrich == (
        StepPlan("page", 1, {}),
        StepPlan("shout", 7, {"most": 2, "words": ["a"]}),
    )


def test_a_plan_goes_by_its_own_settings() -> None:
    """Not by today's."""
    curl = events(["a"])
    curl = curl.set_column(
        curl.schema.get_field_index("user_agent"), "user_agent", pa.array(["curl/8"])
    ).drop_columns(["sdk_name"])
    curl = curl.append_column("sdk_name", pa.nulls(1, pa.string()))
    found = [
        enrich(curl, CLOCK, steps=[StepPlan("bots", 1, {"libraries": word})]).events["is_bot"]
        for word in ("always", "never")
    ]
    assert [one.to_pylist() for one in found] == [[True], [False]]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (StepPlan("gone", 1), "planned with a step that is missing: no step 'gone'"),
        (StepPlan("page", 9), "another version of a step; .* step=page planned=9 installed=1"),
    ],
)
def test_a_plan_of_a_step_that_is_not_there(plan: StepPlan, said: str) -> None:
    """Other rows than the plan's would be worse than waiting for a person."""
    with pytest.raises(Corrupt, match=said):
        enrich(events(["a"]), CLOCK, steps=[plan])


def test_a_plan_from_before_steps_could_be_set_has_our_own() -> None:
    """An epoch that was planned then is done again by the rules of then."""
    rules = Rules.of(load_settings())
    old = msgspec.to_builtins(rules)
    del old["enrich"]
    assert msgspec.convert(old, Rules).enrich == DEFAULT_PLAN


# Columns of a step's own


def test_own_columns_extend_the_schema(installed: Any) -> None:
    """At its end, in the order of the steps, once however many steps write one."""
    size = own_field("name_size", pa.int32(), "How long the event's name is.")

    def measure(rows: pa.Table, _: Any) -> dict[str, pa.Array]:
        names = rows.column("event_name").combine_chunks()
        return {"name_size": pc.utf8_length(names), "shout": names}

    installed(step(), step(measure, name="measure", writes=(size, SHOUT)))
    steps = plan_steps(EnrichSettings(("shout", "measure")))
    assert own_columns(steps) == [SHOUT, size]
    assert event_schema(steps).names == [*EVENT_SCHEMA.names, "shout", "name_size"]
    assert event_schema(steps).field("name_size").metadata == {
        b"doc": b"How long the event's name is."
    }
    assert event_schema(DEFAULT_PLAN).equals(EVENT_SCHEMA)
    rules = msgspec.structs.replace(Rules.of(load_settings()), enrich=steps)
    prepared = prepare([logged([AWS_EVENT])], rules)
    assert prepared.events.schema.equals(event_schema(steps))
    assert prepared.events.select(["shout", "name_size"]).to_pylist() == [
        {"shout": "add_to_cart", "name_size": 11}
    ]


def test_warming_up_reaches_every_step(installed: Any) -> None:
    """Lists of a package are loaded before the first event waits for them."""
    warmed: list[str] = []
    installed(step(warm_up=lambda: warmed.append("shout")))
    warm_up(with_shout("page"))
    assert warmed == ["shout"]


def test_a_text_is_looked_at_once() -> None:
    """The building block for whatever costs more than a few nanoseconds."""
    asked: list[str] = []

    def look(text: str) -> tuple[int]:
        asked.append(text)
        return (len(text),)

    found = per_distinct(pa.array(["a", "bb", None, "a"]), look, (("size", pa.int64()),))
    assert found["size"].to_pylist() == [1, 2, None, 1]
    assert asked == ["a", "bb"]
