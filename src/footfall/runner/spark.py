"""Steps on Apache Spark: `mapInArrow` for slices, `applyInArrow` for buckets.

Spark moves pieces, rows of four columns, and sees no column of ours; it divides them, spills them,
and does again what died. Types that Spark has no name for (ids of sixteen bytes, columns of plug-
ins) pass through it untouched, and its wide rows cost nothing.

Tried and left out: Spark reading Kafka itself (a connector jar for each version, and no other kind
of log), and columns as Spark's own (ids and lists must be converted on both sides of each step).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from footfall.errors import Invalid
from footfall.pipeline.poison.bounds import in_time
from footfall.pipeline.poison.poison import Bound
from footfall.runner.engine import First, Kind, Piece, Step, TasksFailed, in_order
from footfall.settings import RunnerSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("data", pa.binary(), nullable=False),
    ]
)
_AS_SPARK: Final = "kind string, bucket int, number long, data binary"
_CONF: Final = {
    "spark.app.name": "footfall",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "false",  # would put many buckets into one task: bytes are few
    "spark.sql.execution.arrow.maxRecordsPerBatch": "64",  # of pieces of up to megabytes
    "spark.executorEnv.POLARS_MAX_THREADS": "1",  # Spark gives each core a task
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.python.worker.faulthandler.enabled": "true",
}
"""In force unless `runner.spark_conf` says otherwise."""
_PYTHON: Final = "spark.pyspark.python"
_LOOPBACK: Final = "127.0.0.1"


class SparkEngine:
    """A classic Spark session."""

    bound: Bound = staticmethod(in_time)
    """A worker of Python has nobody but us in its main thread; Spark starts another for it."""

    def __init__(self, session: SparkSession, *, is_ours: bool = False) -> None:
        """Use `session`; `close` stops it if it is ours."""
        self._session = session
        self._is_ours = is_ours

    @classmethod
    def started(cls, settings: RunnerSettings) -> SparkEngine:
        """Start a session as the settings say; takes some ten seconds.

        Raises:
            Invalid: PySpark or Java is missing, a setting is none of Spark's form, or the master
                does not answer.
        """
        try:
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            raise Invalid(
                "the Spark runner needs PySpark; install it: pip install 'footfall[spark]'"
            ) from None
        conf = _conf(settings)
        builder = SparkSession.builder.master(settings.spark_master)
        for name, value in conf.items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except (PySparkException, Py4JError, RuntimeError, OSError) as error:
            raise Invalid(
                "Spark does not start; it needs Java 17 on the PATH or by JAVA_HOME, and what"
                " runner.spark_master and runner.spark_conf say:"
                f" master={settings.spark_master} {_last_lines(error)}"
            ) from error
        # Executors' Python; on this machine the one that runs this.
        session.sparkContext.pythonExec = conf.get(_PYTHON, sys.executable)
        return cls(session, is_ours=True)

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        """See `Engine.run`."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        numbers = self._session.range(0, tasks, 1, tasks)
        pieces: DataFrame = numbers.mapInArrow(_mapping(first), _AS_SPARK)
        for step in steps:
            pieces = pieces.groupBy("bucket").applyInArrow(_applying(step), _AS_SPARK)
        try:
            rows = pieces.collect()
        except (PySparkException, Py4JError) as error:
            raise TasksFailed(
                "Spark could not do an epoch's work; it is done again by the next start, nothing is"
                f" lost: {_last_lines(error)}"
            ) from error
        return [Piece(cast(Kind, row[0]), row[1], row[2], bytes(row[3])) for row in rows]

    def close(self) -> None:
        """See `Engine.close`."""
        if self._is_ours:
            self._session.stop()


def _conf(settings: RunnerSettings) -> dict[str, str]:
    """Ours, and over it what the settings say."""
    found = {**_CONF, "spark.sql.shuffle.partitions": str(settings.buckets)}
    if settings.spark_master.startswith("local"):
        found.update(dict.fromkeys(("spark.driver.host", "spark.driver.bindAddress"), _LOOPBACK))
    for text in settings.spark_conf:
        name, equals, value = text.partition("=")
        if not equals or not name.startswith("spark."):
            raise Invalid(f"runner.spark_conf has lines such as spark.name=value, not {text!r}")
        found[name] = value
    return found


def _mapping(first: First) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def do(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.column(0).to_pylist():
                for piece in first(task):
                    yield _batch([piece])

    return do


def _applying(step: Step) -> Callable[[tuple[Any, ...], pa.Table], pa.Table]:
    def apply(key: tuple[Any, ...], rows: pa.Table) -> pa.Table:
        columns = [rows.column(name).to_pylist() for name in ("kind", "bucket", "number", "data")]
        pieces = in_order(Piece(*values) for values in zip(*columns, strict=True))
        made = [_batch([piece]) for piece in step(key[0].as_py(), pieces)]
        return pa.Table.from_batches(made, _SCHEMA)

    return apply


def _batch(pieces: Sequence[Piece]) -> pa.RecordBatch:
    columns = [
        pa.array([getattr(piece, field.name) for piece in pieces], field.type) for field in _SCHEMA
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _last_lines(error: Exception) -> str:
    """What went wrong in the executor, without the stacks around it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("at ", "File ", "Traceback", "^"))]
    return " | ".join(told[:4])[:1000]
