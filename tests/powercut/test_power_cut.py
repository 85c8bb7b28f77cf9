"""A power cut at any moment loses nothing that was acknowledged, and each sync has its reason.

What is shown is not that files look right but that the product starts on them and keeps its word:
`check.py`. The model of the disk and its sources: `disk.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.powercut.check import Violation, delivered, recover_and_check
from tests.powercut.disk import CONTENT, CORNERS, DRAWN, Tree, after_cut
from tests.powercut.record import Recorded, record
from tests.powercut.syncs import CLASSES, MAY_NOT_SHOW, class_of
from tests.powercut.trace import Op
from tests.scale import IS_FULL, scaled

SEED = 20261126
ROUNDS = 8
CUTS = 10
"""In `make test`; `make test-full` takes every boundary once, and points between."""
PARTS = scaled(1, 4)
"""Of all cuts, to be replayed at the same time by several processes with a recording each."""
BETWEEN = 4
"""Boundaries for each point drawn anywhere."""
CLASSES_TRIED = CLASSES if IS_FULL else ("log: group commit", "lake: table metadata")
NEAR = 60
"""Operations after a sync among which its want is looked for."""
DIFFERENT_MAX = 120
"""Disks that differ for want of a sync and still break no promise, until it counts as needless."""


class Cut(msgspec.Struct, frozen=True):
    """One power cut: before which operation, what of the pending is kept, the seed of its draws."""

    at: int
    variant: str
    seed: int


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(tmp_path_factory.mktemp("recorded"), SEED, ROUNDS)


def test_recording_is_complete(recorded: Recorded) -> None:
    """With everything kept the model gives what lay on the disk, byte for byte.

    So no write went unseen. What is mapped for writing is SQLite's shared memory and nothing else:
    it is not durable state.
    """
    assert all(name.endswith("-shm") for name in recorded.mapped)
    model = _tree(recorded, Cut(len(recorded.ops), "everything", SEED)).files
    unknown = recorded.mapped | recorded.interrupted
    lying = {path: data for path, data in recorded.disk.files.items() if path not in unknown}
    assert lying.keys() == {path for path in model if path not in unknown}
    assert [path for path, data in lying.items() if data != model[path]] == []
    kinds = {op.kind for op in recorded.ops}
    assert kinds == {"create", "remove", "rename", "write", "resize", "sync", "acknowledge"}
    assert {class_of(op) for op in recorded.ops if op.kind == "sync"} == set(CLASSES)


@pytest.mark.slow
@pytest.mark.timeout(3 * 60 * 60)
@pytest.mark.parametrize("part", range(PARTS))
def test_power_cut_loses_nothing(
    recorded: Recorded, part: int, record_property: Callable[[str, object], None]
) -> None:
    """Power is cut, everything is started again, and what was promised is there, once.

    Events exactly once, ledgers exact, tables readable by PyIceberg, DuckDB and Polars, sessions
    equal to the definition.
    """
    cuts = list(_cuts(recorded))[part::PARTS][: None if IS_FULL else CUTS]
    checked: set[tuple[str, int]] = set()
    for cut in cuts:
        tree = _tree(recorded, cut)
        key = tree.digest(), _acknowledged(recorded, cut.at)
        if key in checked:
            continue
        checked.add(key)
        violation = _violation(recorded, tree, cut.at)
        assert violation is None, f"{violation}\n{cut} of {len(recorded.ops)}; {recorded.file}"
    record_property("power cuts replayed", len(cuts))
    record_property("different disks after them", len(checked))
    record_property("seed of the power cuts", SEED)
    assert len(checked) > len(cuts) // 3


@pytest.mark.slow
@pytest.mark.timeout(3 * 60 * 60)
def test_each_sync_matters(
    recorded: Recorded, record_property: Callable[[str, object], None]
) -> None:
    """Without any one class of syncs some power cut breaks a promise: so the check can fail.

    `make test` tries two, of the log and of the lake, the full run all. Which violation it was is
    in docs/proof.md.
    """
    found = {name: _violation_without(recorded, name) for name in CLASSES_TRIED}
    for name, violation in found.items():
        record_property(f"without the sync of {name}", violation or "no broken promise found")
    unharmed = {name for name, violation in found.items() if violation is None}
    assert unharmed <= MAY_NOT_SHOW, f"{SEED=} {recorded.file}"


def _violation_without(recorded: Recorded, name: str) -> str | None:
    """What breaks first when syncs of this class count for nothing."""
    tried: set[tuple[str, int]] = set()
    for cut in _cuts_for(recorded, name):
        tree = _tree(recorded, cut, lambda op: class_of(op) != name)
        key = tree.digest(), _acknowledged(recorded, cut.at)
        if key in tried or tree.digest() == _tree(recorded, cut).digest():
            continue
        tried.add(key)
        violation = _violation(recorded, tree, cut.at)
        if violation is not None:
            unharmed = _violation(recorded, _tree(recorded, cut), cut.at)
            assert unharmed is None, f"broken with all syncs: {unharmed}\n{cut} {recorded.file}"
            return violation
        if len(tried) == DIFFERENT_MAX:
            break
    return None


def _cuts(recorded: Recorded) -> Iterator[Cut]:
    """After every sync and acknowledgement, and at drawn points between, in random order."""
    chance = random.Random(SEED)  # noqa: S311
    boundaries = [
        place + 1 for place, op in enumerate(recorded.ops) if op.kind in ("sync", "acknowledge")
    ]
    variants = (*CORNERS[:3], *DRAWN)
    cuts = [
        Cut(at, variants[number % len(variants)], number) for number, at in enumerate(boundaries)
    ]
    cuts += [
        Cut(chance.randrange(len(recorded.ops) + 1), chance.choice(variants), number)
        for number in range(len(boundaries) // BETWEEN)
    ]
    chance.shuffle(cuts)
    yield from cuts


def _cuts_in_every_variant(recorded: Recorded) -> Iterator[Cut]:
    """After every boundary in every variant, and as many drawn points between, in random order."""
    chance = random.Random(SEED)  # noqa: S311
    boundaries = [
        place + 1
        for place, op in enumerate(recorded.ops)
        if op.kind in ("sync", "acknowledge", "rename", "remove")
    ]
    cuts = [
        Cut(at, variant, number)
        for number, at in enumerate(boundaries)
        for variant in (*CORNERS[:3], *DRAWN)
    ]
    cuts += [
        Cut(chance.randrange(len(recorded.ops) + 1), chance.choice(DRAWN), number)
        for number in range(len(boundaries))
    ]
    chance.shuffle(cuts)
    yield from cuts


def _cuts_for(recorded: Recorded, name: str) -> Iterator[Cut]:
    """Two of three after a sync of this class: shortly, or when what follows it is half written.

    A journal's sync comes before the writes that it guards, and they are synced next: just before
    that, torn, they may be on the disk, and the journal not.
    """
    chance = random.Random(SEED)  # noqa: S311
    syncs = [
        place for place, op in enumerate(recorded.ops) if op.kind == "sync" and class_of(op) == name
    ]
    for number, cut in enumerate(_cuts_in_every_variant(recorded)):
        yield cut
        near = chance.choice(syncs) + 1 + chance.randrange(NEAR)
        yield Cut(min(near, len(recorded.ops)), chance.choice((*CORNERS[:3], *DRAWN)), number)
        guarded = _before_what_follows_is_synced(recorded, chance.choice(syncs))
        yield Cut(guarded, "strict", number)


def _before_what_follows_is_synced(recorded: Recorded, place: int) -> int:
    """Where something is synced that was written after the sync at `place`."""
    written = set()
    for at in range(place + 1, len(recorded.ops)):
        op = recorded.ops[at]
        if op.kind in CONTENT and op.object != recorded.ops[place].object:
            written.add(op.object)
        elif op.kind == "sync" and op.object in written:
            return at
    return len(recorded.ops)


def _acknowledged(recorded: Recorded, at: int) -> int:
    return sum(op.kind == "acknowledge" for op in recorded.ops[:at])


def _tree(recorded: Recorded, cut: Cut, is_sync: Callable[[Op], bool] = lambda _: True) -> Tree:
    chance = random.Random(cut.seed)  # noqa: S311
    return after_cut(recorded.ops, cut.at, cut.variant, chance, is_sync)


def _violation(recorded: Recorded, tree: Tree, at: int) -> str | None:
    place = recorded.home.root.parent
    tree.write(place)
    acknowledged = _acknowledged(recorded, at)
    try:
        recover_and_check(recorded.home, recorded.sent, acknowledged, recorded.now_us)
    except Violation as violation:
        return str(violation).replace(f"{place}/", "")
    return None


def test_the_check_can_fail(recorded: Recorded, tmp_path: Path) -> None:
    """A request more is said to be acknowledged than was: the check misses its events."""
    last = len(recorded.ops)
    _tree(recorded, Cut(last, "everything", SEED)).write(recorded.home.root.parent)
    more = [*recorded.sent, msgspec.structs.replace(recorded.sent[0], event_ids=("never sent",))]
    with pytest.raises(Violation, match="acknowledged events are lost: \\['never sent'\\]"):
        recover_and_check(recorded.home, more, len(more), recorded.now_us)


def test_a_delivered_file_that_is_gone_is_missed(recorded: Recorded) -> None:
    """And what its destination noted is believed: the check sees that its records are nowhere."""
    _tree(recorded, Cut(len(recorded.ops), "everything", SEED)).write(recorded.home.root.parent)
    delivered(recorded.home, "clicks")[0].unlink()
    with pytest.raises(Violation, match=r"events in files: .* are missing, \[\] too many"):
        recover_and_check(recorded.home, recorded.sent, len(recorded.sent), recorded.now_us)
