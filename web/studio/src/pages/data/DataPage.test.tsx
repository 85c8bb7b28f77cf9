import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { Crawl, DeliveryReport } from "../../api/generated";
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
  kept_until: 0,
  epochs_missing: 0,
};

const CRAWL: Crawl = {
  name: "shop",
  place: "s3://clicks/shop",
  every_us: 3_600_000_000,
  created_at: 0,
  tried_at: 1_790_000_000_000_000,
  report: {
    started_at: 1_790_000_000_000_000,
    took_us: 5,
    files: 3,
    files_read: 1,
    bytes_read: 10,
    tables: [{ name: "orders", is_new: false, files: 3, files_new: 1, files_gone: 0, rows: 1_234, partitions_new: ["2026/02"] }],
    columns: [{ table: "orders", column: "id", was: "BIGINT", type: "VARCHAR", file: "b.json", is_conflict: true }],
    faults: [{ file: "b.json", line: 2, reason: "it is no JSON" }],
    faults_count: 1,
  },
  history: [
    {
      started_at: 1_789_000_000_000_000,
      took_us: 5,
      files: 2,
      files_read: 2,
      bytes_read: 10,
      tables: [{ name: "orders", is_new: true, files: 2, files_new: 2, files_gone: 0, rows: 7, partitions_new: [] }],
      columns: [],
      faults: [],
      faults_count: 0,
    },
  ],
};

const told: { path: string; method: string; body: unknown }[] = [];

function answer(deliveries: readonly DeliveryReport[], crawls: readonly Crawl[] = []) {
  told.length = 0;
  vi.stubGlobal(
    "fetch",
    vi.fn(async (path: string, init?: RequestInit) => {
      if (init?.method !== "GET") told.push({ path, method: init?.method ?? "", body: init?.body });
      if (path.endsWith("/schedule")) return new Response(JSON.stringify(crawls[0]));
      if (/\/(pause|resume)$/.test(path)) return new Response(JSON.stringify({ paused_at: 0 }));
      if (path.endsWith("/run")) return new Response(JSON.stringify(crawls[0]?.report));
      return new Response(JSON.stringify(path.includes("/crawls") ? { crawls } : { at: 0, deliveries }));
    }),
  );
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
  const lost = { epochs_lost: 3, requests_lost: 0, epochs_missing: 1_203, kept_until: 1_790_600_000_000_000 };
  answer([{ ...WELL, ...lost, lag_ms: 133_000, backlog_requests: 42, failures: 5, error: "<b>no such bucket</b>" }]);
  const { container } = show(<DataPage />);
  const item = (await screen.findByRole("listitem")).textContent;
  expect(item).toContain("Lag2 m 13 s");
  expect(item).toContain("42 requests");
  expect(item).toContain("Failed 5 times, the last time: <b>no such bucket</b>");
  expect(item).toContain("What waits is kept, the oldest until");
  expect(item).toContain("3 epochs and 0 requests are lost for it");
  expect(item).toContain("1,203 epochs from before are not in its files; footfall deliver backfill clicks writes them");
  expect(container.querySelector("b")).toBeNull();
});

test("one that is held says why, and until when what waits is kept", async () => {
  const held = "events has no column 'score'; mend columns of the destination";
  answer([{ ...WELL, held, kept_until: 1_790_600_000_000_000 }]);
  show(<DataPage />);
  const item = (await screen.findByRole("listitem")).textContent;
  expect(item).toContain(`Held, nothing is written until it is mended: ${held}`);
  expect(item).toContain("What waits is kept, the oldest until");
  expect(item).not.toContain("Failed");
});

test("it is paused and resumed; since when, and until when what waits is kept, is said", async () => {
  answer([WELL, { ...WELL, name: "raw", paused_at: 1_790_000_000_000_000, kept_until: 1_790_600_000_000_000 }]);
  show(<DataPage />);
  fireEvent.click(await screen.findByRole("button", { name: "Pause: clicks" }));
  const [clicks, raw] = (await screen.findAllByRole("listitem")).map((one) => one.textContent);
  expect(clicks).not.toContain("Paused");
  expect(raw).toMatch(/Paused since .* UTC: nothing is written. What waits is kept, the oldest until .* UTC/);
  fireEvent.click(await screen.findByRole("button", { name: "Resume: raw" }));
  await waitFor(() =>
    expect(told.map((one) => [one.method, one.path])).toEqual([
      ["POST", "/api/deliveries/clicks/pause"],
      ["POST", "/api/deliveries/raw/resume"],
    ]),
  );
});

test("where there are none it says how to have one", async () => {
  answer([]);
  show(<DataPage />);
  expect(await screen.findByRole("heading", { name: "No files are written" })).toBeTruthy();
  expect(await screen.findByRole("heading", { name: "No files are tables" })).toBeTruthy();
  expect(screen.getAllByRole("region", { name: /^the command/ }).map((one) => one.textContent)).toEqual([
    "footfall deliver add clicks events --format csv",
    "footfall crawl add shop s3://shop-data/clicks",
  ]);
});

test("a crawl says what is there, what changed when, what conflicts, and what it could not read", async () => {
  answer([], [CRAWL]);
  show(<DataPage />);
  const item = (await screen.findByRole("list", { name: "Crawls" })).textContent;
  expect(item).toContain("shopof s3://clicks/shop");
  expect(item).toContain("orders1,2343102026/02");
  expect(item).toContain("Conflict: orders.id is text now, BIGINT and something else met in b.json");
  expect(item).toContain("b.json, line 2: it is no JSON");
  expect(item).toContain("1 change before");
  expect(item).toContain("orders new722");
});

test("it is looked at now, or every so often", async () => {
  answer([], [CRAWL]);
  show(<DataPage />);
  fireEvent.click(await screen.findByRole("button", { name: "Crawl now: shop" }));
  expect(await screen.findByText(/1 new or changed file was read/)).toBeTruthy();
  fireEvent.change(screen.getByRole("combobox"), { target: { value: "900" } });
  await waitFor(() =>
    expect(told).toEqual([
      { path: "/api/catalog/crawls/shop/run", method: "POST", body: undefined },
      { path: "/api/catalog/crawls/shop/schedule", method: "PUT", body: '{"every_seconds":900}' },
    ]),
  );
});
