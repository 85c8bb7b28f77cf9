import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { ContinuousQuery, ContinuousResults, WindowResult } from "../../../api/generated";
import { clockIn } from "../../../format/format";
import { show } from "../../../testing/render";
import { ContinuousPanel } from "./ContinuousPanel";
import { linesOf, numericColumns, summarize } from "./lines";

const clicks: ContinuousQuery = {
  name: "clicks",
  version: 1,
  definition: { sql: "SELECT 1", window: "5m by 1m", key: ["page"] },
  columns: [
    ["page", "VARCHAR"],
    ["n", "BIGINT"],
    ["note", "VARCHAR"],
  ],
  status: { windows: 2 },
};

const result = (minute: number, rows: WindowResult["rows"]): WindowResult => ({
  query: "clicks",
  version: 1,
  window_id: `${minute}`,
  window_start: `2026-11-24T12:0${minute}:00Z`,
  window_end: `2026-11-24T12:0${minute + 5}:00Z`,
  revision: 1,
  computed_at: "2026-11-24T12:10:00Z",
  is_cut_off: false,
  rows,
});

const answered: ContinuousResults = {
  query: clicks,
  results: [result(1, [{ page: "/b", n: 7, note: "x" }]), result(0, [{ page: "/a", n: 2, note: "x" }])],
};

function answers(queries: readonly ContinuousQuery[], results: unknown, status = 200) {
  vi.stubGlobal("fetch", async (url: string) => {
    const isList = url === "/api/continuous";
    return new Response(JSON.stringify(isList ? { queries } : results), { status: isList ? 200 : status });
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a line for each key, the largest first; a window without a key's row is a hole", () => {
  expect(numericColumns(answered)).toEqual(["n"]);
  const first = Date.parse("2026-11-24T12:00:00Z");
  expect(linesOf(answered, "n")).toEqual([
    { key: "/b", points: [[first, null], [first + 60_000, 7]] },
    { key: "/a", points: [[first, 2], [first + 60_000, null]] },
  ]);
  expect(summarize("clicks", "n", linesOf(answered, "n"))).toBe(
    "n of clicks over 2 windows, 2 lines; newest of the first: 7.",
  );
});

test("each query has its window, its newest value, and a chart in words", async () => {
  answers([clicks], answered);
  show(<ContinuousPanel clock={clockIn("UTC")} />);
  expect(await screen.findByText("5m every 1m")).toBeTruthy();
  expect(await screen.findByRole("img", { name: /n of clicks over 2 windows/ })).toBeTruthy();
  expect(screen.getByText("7")).toBeTruthy();
});

test("what fails, and what was left out, is said; nothing is there without a query", async () => {
  const status = { error: "no such price", left_out: 12_000, cut_off: 1 };
  answers([{ ...clicks, status }], { query: { ...clicks, status }, results: [] });
  const shown = show(<ContinuousPanel clock={clockIn("UTC")} />);
  expect((await screen.findByRole("alert")).textContent).toContain("no such price");
  expect(screen.getByText("12,000 windows were left out: too many waited.")).toBeTruthy();
  shown.unmount();
  const asked = vi.fn(async () => new Response(JSON.stringify({ queries: [] })));
  vi.stubGlobal("fetch", asked);
  show(<ContinuousPanel clock={clockIn("UTC")} />);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  await Promise.resolve();
  expect(screen.queryByText("Continuous queries")).toBeNull();
});

test("before the first window: why nothing is there; a failure can be tried again", async () => {
  answers([clicks], { query: clicks, results: [] });
  const shown = show(<ContinuousPanel clock={clockIn("UTC")} />);
  expect(await screen.findByText("No window is over yet")).toBeTruthy();
  shown.unmount();
  answers([clicks], { code: "unavailable", detail: "the worker died" }, 503);
  show(<ContinuousPanel clock={clockIn("UTC")} />);
  expect(await screen.findByText("the worker died")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});
