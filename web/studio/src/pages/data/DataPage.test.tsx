import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { DeliveryReport } from "../../api/generated";
import { show } from "../../testing/render";
import DataPage from "./DataPage";

afterEach(() => {
  vi.unstubAllGlobals();
});

const WELL: DeliveryReport = {
  name: "clicks",
  source: "events",
  format: "json",
  place: "s3://clicks/retail",
  files: 12_345,
  records: 70,
  bytes: 5 * 1024 * 1024,
  last_path: "s3://clicks/retail/2026/11/29/21/clicks-1.json",
  last_at: 1_790_000_000_000_000,
  lag_ms: 0,
  backlog_epochs: 0,
  backlog_requests: 0,
  open_records: 0,
  open_bytes: 0,
  delivered_to: {},
  failures: 0,
  error: "",
  failed_at: 0,
  epochs_lost: 0,
  requests_lost: 0,
};

function answer(deliveries: readonly DeliveryReport[]) {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify({ at: 0, deliveries }))));
}

test("each destination with its place, its newest file and what it has", async () => {
  answer([WELL]);
  show(<DataPage />);
  const item = (await screen.findByRole("listitem")).textContent;
  expect(item).toContain("events as multi-document JSON to s3://clicks/retail");
  expect(item).toContain("Files12.3 k");
  expect(item).toContain("Size5 MiB");
  expect(item).toContain("Lagnone");
  expect(item).toContain("UTC: 2026/11/29/21/clicks-1.json");
});

test("one that is held up says since when, how much waits, and why; what is lost stays said", async () => {
  const lost = { epochs_lost: 3, requests_lost: 0 };
  answer([{ ...WELL, ...lost, lag_ms: 133_000, backlog_requests: 42, failures: 5, error: "<b>no such bucket</b>" }]);
  const { container } = show(<DataPage />);
  const item = (await screen.findByRole("listitem")).textContent;
  expect(item).toContain("Lag2 m 13 s");
  expect(item).toContain("42 requests");
  expect(item).toContain("Failed 5 times, the last time: <b>no such bucket</b>");
  expect(item).toContain("3 epochs and 0 requests are lost for it");
  expect(container.querySelector("b")).toBeNull();
});

test("where there are none it says how to have one", async () => {
  answer([]);
  show(<DataPage />);
  expect(await screen.findByRole("heading", { name: "No files are written" })).toBeTruthy();
  expect(screen.getByRole("region", { name: "command" }).textContent).toBe(
    "footfall deliver add clicks events --format csv",
  );
});
