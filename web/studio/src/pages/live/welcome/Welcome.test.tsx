import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Apps } from "../../../api/generated";
import { clockIn } from "../../../format/format";
import { failure, snapshot } from "../../../testing/builders";
import { show } from "../../../testing/render";
import { Welcome } from "./Welcome";

const app = { project: "default", app_id: "web", name: "Shop" };
const apps: Apps = {
  project: "default",
  collector_url: "http://127.0.0.1:7700",
  apps: [
    { app, write_id: "fw_1" },
    { app: { ...app, app_id: "blog", name: "Blog" }, write_id: "fw_2" },
  ],
};
const snippets = {
  endpoint: "http://127.0.0.1:7700",
  write_id: "fw_1",
  snippets: [
    { name: "html", title: "Plain HTML", language: "html", about: "Before </head>.", text: '<script>"fw_1"</script>' },
    { name: "curl", title: "curl", language: "sh", about: "From a terminal.", text: "curl '…?write_id=fw_1'" },
  ],
};
const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const failures = { failures: [failure({ credential: "wbe" })], write_ids: ["web"] };
    return new Response(JSON.stringify(url.includes("snippets") ? snippets : failures));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const page = (given: Apps = apps, totals = {}) =>
  show(<Welcome snapshot={snapshot({ totals })} apps={given} clock={clockIn("UTC")} onContinue={() => {}} />);

test("each way to send with its code, which one is in the address", async () => {
  page();
  expect((await screen.findByRole("region", { name: "code: Plain HTML" })).textContent).toContain('"fw_1"');
  fireEvent.click(screen.getByRole("tab", { name: "curl" }));
  expect(screen.getByRole("region", { name: "code: curl" }).textContent).toContain("write_id=fw_1");
  expect(window.location.search).toBe("?send=curl");
  expect(screen.getByRole("button", { name: "Copy code: curl" })).toBeTruthy();
});

test("of several apps one is chosen", async () => {
  page();
  fireEvent.change(await screen.findByRole("combobox"), { target: { value: "blog" } });
  await screen.findByRole("tab", { name: "curl" });
  expect(asked).toContain("/api/snippets?app_id=blog");
});

test("what came in and failed stands beside the light", async () => {
  page(apps, { undecodable: 1 });
  expect(await screen.findByText(/with unknown write id/)).toBeTruthy();
  expect(screen.getByText("Waiting for the first event. It shows here within a second.")).toBeTruthy();
});

test("a stopped collector is said; a quiet site is not a new one", async () => {
  page({ ...apps, collector_url: null }, { events: 5 });
  expect(screen.getByText(/The collector does not run/)).toBeTruthy();
  expect(screen.getByRole("heading", { name: "No events in the last 30 minutes" })).toBeTruthy();
  await screen.findByRole("tab", { name: "curl" });
});
