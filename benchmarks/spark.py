"""A yardstick: Spark Structured Streaming over the events of `fresh`, as JSON lines.

It parses them, removes duplicates by event id, and writes Parquet by day, with a checkpoint. It
does not take them over HTTP, knows neither sessions nor user agents nor clocks, and has no cut:
less work than a pipeline's, on the same cores.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Final

from fresh import EVENTS, FreshBodies

BATCHES: Final = 5
MEMORY: Final = "4g"
JAVA: Final = Path("/usr/lib/jvm/java-17-openjdk-amd64")
SCHEMA: Final = (
    "event_type STRING, event_id STRING, device_id STRING, unique_id STRING, app_id STRING,"
    " timestamp LONG, host_name STRING, locale STRING, system_language STRING,"
    " country_code STRING, zone_offset LONG, make STRING, platform STRING, screen_height LONG,"
    " screen_width LONG, viewport_height LONG, viewport_width LONG, sdk_name STRING,"
    " sdk_version STRING, user STRING, attributes STRING"
)


def write_events(folder: Path, events: int) -> None:
    """One file for each micro-batch."""
    bodies = FreshBodies(EVENTS, series=9)
    for number in range(BATCHES + 1):
        with (folder / f"{number:03d}.json").open("w") as stream:
            for _ in range(events // BATCHES // EVENTS):
                for event in json.loads(bodies.next(time.time_ns() // 1_000_000)):
                    stream.write(json.dumps(event) + "\n")
        os.utime(folder / f"{number:03d}.json", (number + 1, number + 1))


def events_per_second(directory: Path, events: int) -> float | None:
    """Median micro-batch without the first; `None` where Spark is not installed."""
    try:
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as sf
    except ImportError:
        return None
    if "JAVA_HOME" not in os.environ and JAVA.exists():
        os.environ["JAVA_HOME"] = str(JAVA)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    source = directory / "spark-events"
    source.mkdir()
    write_events(source, events)
    session = (
        SparkSession.builder.master(f"local[{os.cpu_count()}]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", MEMORY)
        .config("spark.sql.shuffle.partitions", str(os.cpu_count()))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    stream = session.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(str(source))
    timed = stream.withColumn("event_time", sf.timestamp_millis("timestamp"))
    query = (
        timed.withWatermark("event_time", "1 hour")
        .dropDuplicatesWithinWatermark(["app_id", "event_id"])
        .withColumn("day", sf.to_date("event_time"))
        .writeStream.partitionBy("day")
        .format("parquet")
        .option("path", str(directory / "spark-rows"))
        .option("checkpointLocation", str(directory / "spark-checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(1200)
    batches = [progress for progress in query.recentProgress if progress["numInputRows"]]
    rows = session.read.parquet(str(directory / "spark-rows")).count()
    session.stop()
    count = events // BATCHES // EVENTS * EVENTS
    assert rows == count * (BATCHES + 1), (rows, count)
    times = sorted(batch["durationMs"]["triggerExecution"] / 1000 for batch in batches[1:])
    return count / times[len(times) // 2]


def report(directory: Path, events: int, rate: float) -> None:
    """Print the figure and the ratio of `rate` (events a second) to it."""
    found = events_per_second(directory, events)
    if found is None:
        print("  Spark is missing: install the group `bench` for the comparison")
    else:
        print(f"  Spark streaming    {found:10,.0f} events/s, ratio {rate / found:.2f}")
