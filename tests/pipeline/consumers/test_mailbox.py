"""What waits for a consumer: in order, bounded, and the newest of what only counts when new."""

from __future__ import annotations

from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.ledger import Ledger
from footfall.pipeline.consumers.contract import MicroBatch, Progress
from footfall.pipeline.consumers.mailbox import ITEMS_MAX, Committed, Item, Mailbox
from footfall.positions import Positions
from footfall.testing.events import event_table


def _batch(number: int, rows: int = 1) -> MicroBatch:
    events = event_table([{"log_offset": number}] * rows) if rows else EVENT_SCHEMA.empty_table()
    start, end = Positions((number,)), Positions((number + 1,))
    return MicroBatch(number, start, end, events, FAILED_SCHEMA.empty_table(), Ledger())


def _committed(number: int) -> Committed:
    return Committed(number, Positions((number,)))


def _progress(at: int) -> Progress:
    return Progress(at, 0, 0, Positions(), 0, Ledger(), 0, 0)


def _mailbox(bytes_max: int = 1 << 20) -> Mailbox:
    return Mailbox(bytes_max, _committed(0))


def _taken(mailbox: Mailbox, count: int) -> list[Item | None]:
    return [mailbox.take() for _ in range(count)]


def test_what_comes_is_taken_in_its_order_and_of_progress_the_newest() -> None:
    mailbox = _mailbox()
    items = [_batch(1), _progress(1), _progress(2), _committed(1), _batch(2), _progress(3)]
    for item in items:
        mailbox.put(item)
    assert _taken(mailbox, 5) == [items[0], items[2], items[3], items[4], items[5]]


def test_too_many_bytes_leave_out_all_micro_batches_and_nothing_else() -> None:
    """One hole instead of many; the newest epoch and the newest progress are still there."""
    size = _batch(0).events.nbytes
    mailbox = _mailbox(3 * size)
    for number in range(1, 4):
        mailbox.put(_batch(number))
        mailbox.put(_committed(number))
        mailbox.put(_progress(number))
    mailbox.put(_batch(4))  # one too many
    mailbox.put(_batch(5))
    assert _taken(mailbox, 3) == [_committed(3), _progress(3), _batch(5)]
    assert mailbox.batches_left_out == 4
    for number in range(3):  # bytes of what was left out or taken do not count any more
        mailbox.put(_batch(number))
    assert len(_taken(mailbox, 3)) == 3
    assert mailbox.batches_left_out == 4


def test_what_waits_is_bounded_in_number_whatever_it_is() -> None:
    """Micro-batches without rows, epochs and progress in turns: none of them piles up."""
    mailbox = _mailbox()
    for number in range(3 * ITEMS_MAX):
        for item in (_batch(number, rows=0), _committed(number), _progress(number)):
            mailbox.put(item)
            assert len(mailbox._items) <= ITEMS_MAX
    last: Item | None = None
    while not mailbox.settle(0.0):
        last = mailbox.take()
        if last == _progress(3 * ITEMS_MAX - 1):
            break
    assert mailbox.committed == _committed(3 * ITEMS_MAX - 1)


def test_micro_batches_that_nobody_takes_are_not_kept() -> None:
    """A consumer of epochs alone costs no memory, and nothing is counted as left out for it."""
    mailbox = _mailbox(1)
    mailbox.takes_batches = False
    mailbox.put(_batch(1))
    mailbox.put(_committed(1))
    assert (mailbox.take(), mailbox.batches_left_out) == (_committed(1), 0)


def test_a_closed_mailbox_gives_nothing_and_ends_a_rest() -> None:
    mailbox = _mailbox()
    mailbox.put(_batch(1))
    mailbox.close()
    mailbox.rest(1e9)
    assert mailbox.take() is None
