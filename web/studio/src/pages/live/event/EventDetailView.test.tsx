import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isWorthRetry } from "../../../api/client";
import type { EventDetail } from "../../../api/generated";
import { clockIn } from "../../../format/format";
import { show } from "../../../testing/render";
import { EventDetailView } from "./EventDetailView";

const place = { requestId: "0192f0c1-2c3d-7abc-8def-0123456789ab", requestIndex: 0, logOffset: 5 };
const detail: EventDetail = {
  request_id: place.requestId,
  request_index: 0,
  columns: [
    { name: "event_name", type: "VARCHAR", value: "<b>purchase</b>" },
    { name: "event_time", type: "TIMESTAMP WITH TIME ZONE", value: "2026-07-01 10:00:00.5+00" },
    { name: "created_at", type: "TIMESTAMP WITH TIME ZONE", value: "2026-07-01 09:00:00+00" },
    { name: "event_time_rule", type: "VARCHAR", value: "shifted" },
    { name: "properties", type: "VARCHAR", value: '{"price":12}' },
    { name: "user_id", type: "VARCHAR", value: null },
  ],
  columns_missing: null,
  request: null,
  request_missing: { reason: "trimmed", detail: "the log does not keep this request any more" },
};

let answers: Response[] = [];

beforeEach(() => {
  vi.stubGlobal("fetch", vi.fn(async () => answers.shift() ?? Response.error()));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

const view = () => show(<EventDetailView place={place} clock={clockIn("UTC")} />);

test("columns in groups, times in the zone, JSON readable, text as text", async () => {
  answers = [answer(detail)];
  const { container } = view();
  await screen.findByText("properties");
  expect(screen.getAllByText("<b>purchase</b>")).toHaveLength(2);
  expect(container.querySelector("b")).toBeNull();
  expect(screen.getByText("1 Jul 2026, 10:00:00.500 UTC")).toBeTruthy();
  expect(container.querySelector("pre")?.textContent).toBe('{\n  "price": 12\n}');
  expect(screen.queryByText("user_id")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Show 1 columns without a value" }));
  expect(screen.getByText("user_id")).toBeTruthy();
});

test("a request that is not kept any more is said, and how the clock was corrected", async () => {
  answers = [answer(detail)];
  view();
  fireEvent.click(await screen.findByRole("tab", { name: "Request" }));
  expect(screen.getByText(/The request cannot be shown: the log does not keep/)).toBeTruthy();
  fireEvent.click(screen.getByRole("tab", { name: "How it was enriched" }));
  expect(screen.getByText(/clock is off: its time was moved/)).toBeTruthy();
  expect(screen.getByText("1 Jul 2026, 09:00:00.000 UTC")).toBeTruthy();
});

test("an error says what happened and can be tried again", async () => {
  const problem = { code: "overloaded", detail: "too many statements wait", status: 503, title: "", type: "", retryable: false };
  answers = [answer(problem, 503), answer(detail)];
  view();
  expect((await screen.findByRole("alert")).textContent).toContain("too many statements wait");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
});

test("an event that is not there is said with the first answer, and asked for once", async () => {
  const problem = { code: "not_found", detail: "there is no such event", status: 404, title: "", type: "", retryable: false };
  answers = [answer(problem, 404)];
  show(<EventDetailView place={place} clock={clockIn("UTC")} />, { retry: isWorthRetry });
  expect((await screen.findByRole("alert")).textContent).toContain("This event is not here");
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(screen.queryByRole("button")).toBeNull();
});

test("an answer that is not ours is not shown as one", async () => {
  answers = [answer({ hello: 1 })];
  view();
  expect((await screen.findByRole("alert")).textContent).toContain("does not understand");
});
