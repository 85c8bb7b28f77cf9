"""The example of docs/extend/consumer.md runs as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from footfall.clock import MINUTE
from tests.pipeline.harness import Bench, event, request

PAGE = Path(__file__).parents[3] / "docs" / "extend" / "consumer.md"
NAME = "sessions-to-files"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module and the entry point that the page shows."""
    text = PAGE.read_text("utf-8")
    module, points = (
        re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[0] for kind in ("python", "toml")
    )
    assert f'{NAME} = "sessions_to_files:SessionsToFiles"' in points
    info = tmp_path / "package" / "example-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    group = re.findall(r'entry-points\."(.*?)"', points)[0]
    entry = f"[{group}]\n{NAME} = sessions_to_files:SessionsToFiles\n"
    (info / "entry_points.txt").write_text(entry)
    (tmp_path / "package" / "sessions_to_files.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path / "package")


@pytest.mark.usefixtures("installed")
def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    """Found by its entry point; a file an epoch; together the sessions that the lake has."""
    from footfall.pipeline.consumers.consumers import plug_ins

    bench = Bench(tmp_path / "home", "sessions.gap=1m", "pipeline.epoch_age_max=10s")
    bench.consumers = {name: make for name, make in plug_ins().items() if name == NAME}
    pipeline = bench.pipeline()
    for number in range(3):
        now = bench.clock.now_us()
        bench.append([request(number, [event(f"v{number}", now, number)], now)])
        pipeline.finish()
        bench.clock.advance(5 * MINUTE)
    bench.append([])
    pipeline.finish()
    assert pipeline.consumers.settle(60.0)
    directory = bench.home.state_dir("default") / "consumers" / NAME / "out"
    files = sorted(directory.glob("epoch-*.jsonl"))
    assert [int(file.stem.removeprefix("epoch-")) for file in files] == list(
        range(1, pipeline.epoch + 1)
    )
    written = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    rows = bench.tables()["sessions"].to_pylist()
    assert {one["visitor_id"] for one in written} == {row["visitor_id"] for row in rows}
    assert len(written) == len(rows) > 0
    bench.stop_consumers()
