import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { TimelineEvent } from "../../api/generated";
import { clockIn } from "../../format/format";
import { show } from "../../testing/render";
import { Received } from "./Timeline";

const HOUR_US = 3_600e6;
const EVENT: TimelineEvent = { request_id: "00000000-0000-4000-8000-000000000007", request_index: 0, log_offset: 9, event_time: 0, received_at: 42 * HOUR_US, event_name: "paid", page: null, page_title: null, is_late: true, epoch: 1 };

test("of an event that was told long after it happened it says when it came, and not that it was late", () => {
  show(<Received event={EVENT} clock={clockIn("UTC")} />);
  expect(screen.getByText("received 42 h 0 m later").title).toContain("Received 2 Jan 1970, 18:00:00");
});

test("one that came at once says nothing of it", () => {
  show(<Received event={{ ...EVENT, is_late: false }} clock={clockIn("UTC")} />);
  expect(screen.queryByText(/received/)).toBeNull();
});
