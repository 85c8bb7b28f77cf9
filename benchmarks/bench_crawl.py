"""How many files a second a crawl looks at, new ones and ones that it knows.

    python benchmarks/bench_crawl.py [--files 2000] [--rows 100]

Files of JSON lines, as delivery writes them: a folder for each hour. A second run has nothing new.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path

from footfall.catalog.crawls.crawling import Crawling
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.settings import load_settings
from sizes import parsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=100)
    given = parsed(parser, files=4, rows=10)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        _write(root / "place", given.files, given.rows)
        home = Home(root / "home")
        crawling = Crawling(
            home, "default", load_settings(), lambda: Metadata.open(home), SystemClock()
        )
        crawling.add("bench", str(root / "place"), 0)
        for name in ("new files", "known files"):
            began = time.perf_counter()
            report = crawling.run("bench")
            took = time.perf_counter() - began
            rows = sum(table.rows for table in report.tables)
            print(f"{name}: {report.files / took:,.0f} files/s, {rows:,} rows, {took:.2f} s")


def _write(place: Path, files: int, rows: int) -> None:
    for number in range(files):
        folder = place / f"rawdata/2026/01/{number // 1440 + 1:02}/{number // 60 % 24:02}"
        folder.mkdir(parents=True, exist_ok=True)
        data = "".join(
            json.dumps({"user_id": row, "client_event": "beer_products", "at": number}) + "\n"
            for row in range(rows)
        ).encode()
        is_packed = number % 2 == 0
        (folder / f"{number}").write_bytes(gzip.compress(data) if is_packed else data)


if __name__ == "__main__":
    main()
