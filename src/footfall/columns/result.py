"""Columns of the lake's `query_results`."""

from __future__ import annotations

from typing import Final

from footfall.columns.column import required

RESULT_COLUMNS: Final = (
    required(1, "query", "string", "Name of the continuous query."),
    required(2, "query_version", "int", "Counts changes of the query's definition."),
    required(3, "window_id", "string", "Id of the window: its start, or of a session its id."),
    required(4, "window_start", "timestamptz", "First moment of the window, of event time."),
    required(
        5, "window_end", "timestamptz", "End of the window; of a session the last event's time."
    ),
    required(
        6, "revision", "int", "How often the window was written: 1, more when late events came."
    ),
    required(7, "computed_at", "timestamptz", "When it was asked."),
    required(8, "row_count", "long", "Rows of the answer."),
    required(9, "is_cut_off", "boolean", "There were more: continuous.rows_max."),
    required(10, "answer", "string", "The rows: a JSON array of objects."),
    required(11, "epoch", "long", "Last epoch that the answer has."),
)
