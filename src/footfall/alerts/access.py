"""Alerts in Python and for the command line: `footfall.open(…).alerts`.

The server need not run: rules, history and back-tests are read where they are. What is added counts
when it runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from footfall.alerts.desk import AlertDesk, ChannelView, History, RuleView
from footfall.alerts.rules.backtest import Ask, BackTest, Rows
from footfall.alerts.rules.statements import Statement
from footfall.clock import Clock
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.lake.store.options import bucket_of
from footfall.settings import RuleSettings, Settings

if TYPE_CHECKING:
    from types import TracebackType

    from footfall.query.engine import Engine


class Alerts:
    """A project's alerts; statements run in the caller's process."""

    def __init__(
        self,
        home: Home,
        project: str,
        settings: Settings,
        clock: Clock,
        engine: Engine | None = None,
    ) -> None:
        """Open nothing yet; `engine` runs back-tests, and is the caller's to close."""
        self._home = home
        self._project = project
        self._settings = settings
        self._desk = AlertDesk(home, project, settings, clock)
        self._engine = engine
        self._own: Engine | None = None

    def rules(self) -> list[RuleView]:
        """All rules, by name, and how they get on."""
        return self._desk.rules()

    def channels(self) -> list[ChannelView]:
        """All channels, by name, and how they get on."""
        return self._desk.channels()

    def add(self, name: str, **options: Any) -> None:
        """Add a rule, or replace one; options as in `[alerts.rules.NAME]`.

        Example: `alerts.add("short", kind="session", when="duration_ms < 20000")`.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: settings have one of this name.
        """
        self._put(*self._desk.read_new_rule(name, options))

    def change(self, name: str, **options: Any) -> None:
        """Change some options of a rule that was added; the others stay.

        Example: `alerts.change("short", when="duration_ms < 5000", channels=["ops"])`. `None` makes
        an option what it is without being said.

        Raises:
            Invalid: there is no such rule, or it has mistakes then.
            Conflict: it is in the settings.
        """
        self._put(*self._desk.read_changed_rule(name, options))

    def remove(self, name: str) -> None:
        """Forget a rule; what fired stays. Raises `Invalid` if it was not added."""
        self._desk.remove_rule(name)

    def add_channel(self, name: str, **options: Any) -> None:
        """Add a channel, or replace one; options as in `[alerts.channels.NAME]`.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: settings have one of this name.
        """
        self._desk.put_channel(name, options)

    def change_channel(self, name: str, **options: Any) -> None:
        """Change some options of a channel; the others stay, its secret too. Raises as `change`."""
        self._desk.change_channel(name, options)

    def remove_channel(self, name: str) -> None:
        """Forget a channel. Raises `Invalid` if it was not added, or a rule names it."""
        self._desk.remove_channel(name)

    def test_channel(self, name: str) -> None:
        """Send a made-up firing now.

        Raises:
            Invalid: there is no such channel, or it may not be sent to.
            Unavailable: nobody took it.
        """
        if problem := self._desk.test_channel(name):
            raise Unavailable(problem)

    def mute(self, name: str, duration: str) -> int:
        """Tell nobody of a rule for so long, `2h`; `0s` ends it. Until when, microseconds."""
        return self._desk.mute(name, duration)

    def acknowledge(self, delivery_ids: Sequence[str], by: str) -> int:
        """Note that somebody has seen them; how many were not noted before."""
        return self._desk.acknowledge(delivery_ids, by)

    def revive(self) -> int:
        """Send again what was given up; how many notices."""
        return self._desk.revive()

    def history(self, limit: int = 100, *, rule: str = "", after: str = "") -> History:
        """A page of firings, newest first; `after` is the page before's `next`."""
        return self._desk.history(limit, rule=rule, after=after)

    def test(self, name: str, over: str = "30d", **options: Any) -> BackTest:
        """When a rule would have fired: as it is, or, of `options`, as it would be added.

        Raises:
            Invalid: there is no such rule, or `over` is wrong.
            LimitReached: it took more time or memory than a statement may.
            Unavailable: the project has nothing to read yet.
        """
        if options:
            rule = self._desk.read_trial_rule(name, options)
        else:
            rule = self._desk.book().rule(name)
        return self._drive(self._desk.testing(rule, over))

    def close(self) -> None:
        """Free what it opened."""
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Alerts:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Alerts of {self._project} in {self._home.root}>"

    def _put(self, rule: RuleSettings, trial: Statement) -> None:
        with contextlib.suppress(Unavailable):  # nothing to read yet: it is told once there is
            self._run(trial.text, trial.values, 1)
        self._desk.put_rule(rule)

    def _drive(self, testing: Generator[Ask, Rows, BackTest]) -> BackTest:
        try:
            ask = next(testing)
            while True:
                statement = ask.statement
                ask = testing.send(self._run(statement.text, statement.values, ask.rows_max))
        except StopIteration as end:
            result: BackTest = end.value
            return result

    def _run(self, sql: str, values: Sequence[Any], rows_max: int) -> Rows:
        engine = self._engine or self._own
        if engine is None:
            from footfall.query.engine import Engine

            bucket = bucket_of(self._settings.lake)
            engine = Engine(self._home, self._project, self._settings.query, bucket)
            self._own = engine
        table = engine.run(sql, values, rows_max=rows_max).table
        columns = [column.to_pylist() for column in table.columns]
        return [list(row) for row in zip(*columns, strict=True)]
