-- How many events each session has, the moment it closes.
SELECT session_id, app_id, events AS session_events
FROM "window"
