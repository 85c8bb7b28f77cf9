-- How long each session took, in seconds, the moment it closes.
SELECT session_id, app_id, duration_ms / 1000 AS session_duration
FROM "window"
