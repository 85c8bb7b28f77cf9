"""A yardstick: what Spark's `session_window` keeps of as many visitors, by its own account.

One event a visitor, grouped into sessions with one count: less than a session's columns here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.clock import SECOND

BATCHES: Final = 5
MEMORY: Final = "4g"
JAVA: Final = Path("/usr/lib/jvm/java-17-openjdk-amd64")


def write_events(folder: Path, visitors: int, start: int) -> None:
    """One file for each micro-batch."""
    each = visitors // BATCHES
    for number in range(BATCHES):
        mine = np.arange(number * each, (number + 1) * each)
        names = np.char.add("0f0e5c1e-7d4a-4b1f-9c55-", np.char.zfill(mine.astype(str), 12))
        times = start + (mine * 720) // 1_000 * SECOND // 1_000
        table = pa.table({"visitor_id": names, "time": pa.array(times, pa.timestamp("us", "UTC"))})
        pq.write_table(table, folder / f"{number:03d}.parquet", coerce_timestamps="us")
        os.utime(folder / f"{number:03d}.parquet", (number + 1, number + 1))


def state_bytes(folder: Path, visitors: int, start: int) -> tuple[int, int] | None:
    """Sessions and bytes of the state store; `None` where Spark is not installed."""
    try:
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as sf
    except ImportError:
        return None
    if "JAVA_HOME" not in os.environ and JAVA.exists():
        os.environ["JAVA_HOME"] = str(JAVA)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    source = folder / "events"
    source.mkdir()
    write_events(source, visitors, start)
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", MEMORY)
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    schema = spark.read.parquet(str(source)).schema
    stream = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).parquet(str(source))
    query = (
        stream.withWatermark("time", "1 hour")
        .groupBy("visitor_id", sf.session_window("time", "30 minutes"))
        .agg(sf.count("*").alias("events"))
        .writeStream.outputMode("append")
        .format("noop")
        .option("checkpointLocation", str(folder / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(1_200)
    states = [one["stateOperators"][0] for one in query.recentProgress if one["stateOperators"]]
    spark.stop()
    return max((one["numRowsTotal"], one["memoryUsedBytes"]) for one in states)
