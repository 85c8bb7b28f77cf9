"""A recipe from nothing to its charts, and the proof that files and lake say the same."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import typer

from footfall.cli._common import PROJECT_DEFAULT, check_steps, print_json, settings_for
from footfall.cli.configuring.delivered import have_files
from footfall.cli.demos.homes import objects_below, start_afresh
from footfall.cli.demos.shop import wait_for
from footfall.cli.running.serve import prepare, running_tree, tell
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.cli.terminal.waiting import Waiting, waiting
from footfall.clock import MINUTE, SystemClock
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.project import ID_PATTERN

if TYPE_CHECKING:
    from footfall.app import Supervisor
    from footfall.home import Home
    from footfall.recipes.systems import Part, Recipe

FILES_SECONDS: Final = 60
AGREE_SECONDS: Final = 60.0
"""How long files and lake may differ: a late event's session comes with a later epoch."""
QUIET_SECONDS: Final = 180.0
_POLL_SECONDS: Final = 0.5
SHOWN_ROWS: Final = 5


class Compared(msgspec.Struct, frozen=True):
    """One check."""

    what: str
    rows: int
    """Over the files."""
    differs: str = ""
    """How, if it does."""


class Cooked(msgspec.Struct, frozen=True):
    """What came of a recipe."""

    recipe: str
    events: int
    duplicates: int
    checks: tuple[Compared, ...]
    links: dict[str, str]

    @property
    def problems(self) -> list[str]:
        """What differs; nothing: all is as it should be."""
        return [f"{one.what}: {one.differs}" for one in self.checks if one.differs]


class Kitchen:
    """One recipe in one home. `also` has checks of its own; `links` more addresses to tell."""

    def __init__(
        self,
        home: Home,
        recipe: Recipe,
        overrides: Sequence[str],
        *,
        as_json: bool,
        bucket: str = "",
        also: Callable[[Any], list[Compared]] = lambda _: [],
    ) -> None:
        """Do nothing yet; `bucket` is where the recipe's files go, if not into the home."""
        self.home = home
        self.recipe = recipe
        self._bucket = bucket
        self._overrides = list(overrides)
        self._as_json = as_json
        self._also = also
        self._clock = SystemClock()
        self.url = ""
        self.studio = ""
        self._sent = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[Supervisor]:
        """A new home with the recipe's settings, and a server in it, while the block runs.

        Raises:
            Invalid: the home is no demo's, or settings are wrong.
        """
        from footfall.app import PARTS
        from footfall.recipes.systems import settings_text

        with waiting() as wait:
            if not ID_PATTERN.match(self.recipe.app):
                raise Invalid(f"not an app's id, letters, digits and .-_ only: {self.recipe.app!r}")
            text = settings_text({**self.recipe.settings, **self._reached()})
            start_afresh(self.home, self._bucket)
            self.home.settings_file.touch(0o600)
            self.home.settings_file.write_text(text)
            check_steps(settings_for(self.home, self._overrides))
            (self.home.root / "files").mkdir()
            prepare(self.home, PROJECT_DEFAULT, self.recipe.app, wait)
        with running_tree(self.home, PROJECT_DEFAULT, self._overrides, PARTS) as supervisor:
            with waiting() as wait:
                ready = supervisor.start(lambda part: wait.for_(f"starting the {part}"))
            self.url = ready["collector"].url or ""
            self.studio = ready["studio"].url or ""
            if not self._as_json:
                tell(ready, supervisor.studio_token, self.home, as_json=False)
            yield supervisor

    def _reached(self) -> dict[str, Any]:
        """Settings by which whoever reads the home finds the bucket, which must be empty.

        Raises:
            Invalid: something is there already.
            Unavailable: the store does not answer.
        """
        if not self._bucket:
            return {}
        settings = settings_for(self.home, self._overrides)
        _, found = objects_below(self._bucket, settings)
        if found:
            raise Invalid(
                f"there is something below {self._bucket}, such as {found[0].path}; name an empty"
                " prefix, or remove an old demo with: footfall demo clean"
            )
        lake = settings.lake
        reached = {
            "s3_endpoint": lake.s3_endpoint,
            "s3_region": lake.s3_region,
            "s3_access_key": lake.s3_access_key.shown,
            "s3_secret_key": lake.s3_secret_key.shown,
            "s3_path_style": lake.s3_path_style,
        }
        return {"lake": reached}

    def cook(self, parts: Sequence[Part], links: dict[str, str]) -> Cooked:
        """Send, deliver, crawl, ask, draw, compare; what came of it."""
        import footfall

        with waiting() as wait, footfall.open(self.home.root) as project:
            for at, part in enumerate(parts):
                if at and at == len(parts) - 1:
                    self._wait_until_quiet(project, wait)
                wait.for_(f"sending {len(part.requests):,} requests")
                self._send(part)
            ledger = wait_for(self.home, self._sent, wait)
            wait.for_("writing what is left to files")
            self._deliver()
            wait.for_("making tables, views and the dashboard")
            self._define(project)
            link = self._publish(project)
            wait.for_("comparing files and lake")
            checks = self._agree(project)
        counts = {"events": ledger.events, "duplicates": ledger.duplicates}
        return Cooked(
            self.recipe.name,
            ledger.events,
            ledger.duplicates,
            (*_counted(parts, counts), *checks),
            {**link, **links},
        )

    def report(self, cooked: Cooked) -> None:
        """Tell it; ends with `EXIT_FAILED` if anything differs."""
        if self._as_json:
            print_json(cooked)
        else:
            for name, link in cooked.links.items():
                typer.echo(f"{name:<10} {link}")
            for one in cooked.checks:
                if not one.differs:
                    typer.echo(f"checked    {one.what}")
        for problem in cooked.problems:
            typer.echo(f"DIFFERS    {problem}", err=True)
        if cooked.problems:
            raise typer.Exit(EXIT_FAILED)

    def refresh(self) -> None:
        """Take in files that came since."""
        import footfall

        project: Any
        with footfall.open(self.home.root) as project:
            for crawl in project.crawls.list():
                with contextlib.suppress(FootfallError):  # the worker may run it just now
                    project.crawls.run(crawl.name)

    def send_more(self, part: Part) -> None:
        """Send at its pace; what is not taken now is not sent."""
        with contextlib.suppress(FootfallError):
            self._send(part)

    def _send(self, part: Part) -> None:
        from footfall.recipes.sender import send_all

        report = send_all(self.url, part.requests)
        if report.acknowledged < len(part.requests):
            raise Unavailable(
                f"the collector took {report.acknowledged:,} of {len(part.requests):,} requests:"
                f" {report.last_error or report.refused}"
            )
        self._sent += report.acknowledged

    def _wait_until_quiet(self, project: Any, wait: Waiting) -> None:
        if not self.recipe.is_quiet:
            return
        wait_for(self.home, self._sent, wait)
        wait.for_("waiting until the last sessions are over")
        deadline = self._clock.monotonic() + QUIET_SECONDS
        while _number(project, self.recipe.is_quiet):
            if self._clock.monotonic() >= deadline:
                raise Unavailable(f"sessions did not end in {QUIET_SECONDS:.0f} s")
            self._clock.sleep(_POLL_SECONDS)

    def _deliver(self) -> None:
        for name in self.recipe.destinations:
            if not have_files(self.home, PROJECT_DEFAULT, name, FILES_SECONDS):
                raise Unavailable(f"no files after {FILES_SECONDS} s; see: footfall deliver list")

    def _define(self, project: Any) -> None:
        files = files_of(self.home, self._bucket)
        for crawl in self.recipe.crawls:
            project.crawls.add(crawl.name, f"{files}/{crawl.folder}".rstrip("/"), MINUTE)
        for statement in self.recipe.statements:
            project.sql(statement)
        for query in self.recipe.saved:
            project.queries.save(query.name, query.sql, description=query.description)
            project.queries.run(query.name)

    def _publish(self, project: Any) -> dict[str, str]:
        name = self.recipe.name
        project.dashboards.apply(name, self.recipe.dashboard)
        return {
            "dashboard": f"{self.studio}/dashboards?name={name}",
            "to share": f"{self.studio}{project.dashboards.share(name)}",
        }

    def _agree(self, project: Any) -> list[Compared]:
        deadline = self._clock.monotonic() + AGREE_SECONDS
        while True:
            found = [compared(project, one.what, one.files, one.lake) for one in self.recipe.checks]
            found += self._also(project)
            is_over = self._clock.monotonic() >= deadline
            if is_over or not any(one.differs for one in found):
                return found
            self._clock.sleep(_POLL_SECONDS)
            self._deliver()
            self.refresh()


def files_of(home: Home, bucket: str) -> str:
    """Where a recipe's files are."""
    return bucket or str(home.root.resolve() / "files")


def compared(project: Any, what: str, files: str, lake: str) -> Compared:
    """Rows of two statements, each as often as it is there, in any order."""
    there = Counter(tuple(row.values()) for row in project.sql(files).rows())
    here = Counter(tuple(row.values()) for row in project.sql(lake).rows())
    differs = ""
    if there != here:
        missing, extra = list((here - there).elements()), list((there - here).elements())
        differs = (
            f"{len(missing):,} rows of the lake are not in the files, such as"
            f" {missing[:SHOWN_ROWS]}; {len(extra):,} the other way, such as {extra[:SHOWN_ROWS]}"
        )
    return Compared(f"{what}: files and lake say the same", there.total(), differs)


def _counted(parts: Sequence[Part], found: dict[str, int]) -> list[Compared]:
    sent = {
        "events": sum(part.events for part in parts),
        "duplicates": sum(part.duplicates for part in parts),
    }
    return [
        Compared(
            f"{name}: {sent[name]:,} were sent, and are there",
            found[name],
            "" if sent[name] == found[name] else f"sent {sent[name]:,}, there {found[name]:,}",
        )
        for name in sent
    ]


def _number(project: Any, sql: str) -> int:
    return int(next(iter(project.sql(sql).rows()[0].values())))
