-- A session is what one user did on one device in one window. Nothing is cut but the seconds.
SELECT
  upper(user_id || '_' || left(device_id, 3) || CAST(epoch(min(window_start)) AS BIGINT)) AS session_id,
  user_id,
  device_id,
  min(window_start) AS timeagg,
  count(*) AS events,
  arg_min(event_name, (event_time, log_partition, log_offset, request_index)) AS beginnavigation,
  arg_max(event_name, (event_time, log_partition, log_offset, request_index)) AS endnavigation,
  strftime(min(event_time), '%M:%S') AS beginsession,
  strftime(max(event_time), '%M:%S') AS endsession,
  CAST(floor(epoch(max(event_time) - min(event_time))) AS BIGINT) AS duration_sec
FROM "window"
WHERE user_id IS NOT NULL AND device_id IS NOT NULL
GROUP BY user_id, device_id
ORDER BY session_id
