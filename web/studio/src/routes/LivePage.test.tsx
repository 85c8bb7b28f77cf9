import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { Apps } from "../api/generated";
import type { LiveState } from "../live/state";
import { snapshot, streamEvent } from "../testing/builders";
import { show } from "../testing/render";
import { LivePage } from "./LivePage";

afterEach(() => {
  vi.unstubAllGlobals();
});

const apps: Apps = {
  project: "default",
  collector_url: "http://127.0.0.1:7700",
  apps: [{ app: { project: "default", app_id: "shop", name: "Shop", time_zone: "Europe/Rome" }, write_id: "fw_1" }],
};
const busy = snapshot({ events_30m: 5, visitors_5m: 12_345, open_sessions: 7, stream: [streamEvent(1)] });
const page = (live: LiveState) => show(<LivePage live={live} apps={apps} />);

test("loading: the page's shape", () => {
  page({ kind: "loading" });
  expect(screen.getByTestId("skeleton")).toBeTruthy();
  expect(screen.getByRole("status").textContent).toBe("Loading");
});

test("waiting: why, and where to look", () => {
  page({ kind: "waiting" });
  expect(screen.getByText(/The pipeline has not written any yet/)).toBeTruthy();
});

test("empty: what to send, to this collector, with this write id", () => {
  page({ kind: "live", snapshot: snapshot(), heardAt: 0 });
  expect(screen.getByRole("region", { name: "command" }).textContent).toBe(
    "curl -X POST 'http://127.0.0.1:7700/v1/events?write_id=fw_1' \\\n" +
      `  -d '{"name":"page_view","visitor_id":"me","page":{"url":"https://example.com/hello"}}'`,
  );
});

test("live: numbers short, exact on hover, times in the app's zone, charts in words", () => {
  page({ kind: "live", snapshot: busy, heardAt: 0 });
  expect(screen.getByTestId("Visitors now").textContent).toBe("12.3 k");
  expect(screen.getByTestId("Visitors now").title).toBe("12,345");
  expect(screen.getByTestId("Open sessions").textContent).toBe("7");
  expect(screen.getByText("Times in Europe/Rome")).toBeTruthy();
  expect(screen.getByRole("img", { name: /^Events per second in the last 5 minutes/ })).toBeTruthy();
  expect(screen.getByRole("img", { name: /^Each of the last 30 minutes, visitors/ })).toBeTruthy();
});

test("numbers that reached their bound say that they are too low", () => {
  page({ kind: "live", snapshot: { ...busy, visitors_are_exact: false }, heardAt: 0 });
  expect(screen.getByTestId("Visitors now").textContent).toBe("≥ 12.3 k");
});

test("reconnecting: the last numbers stay, and the page says so", () => {
  page({ kind: "reconnecting", snapshot: busy, heardAt: 0 });
  expect(screen.getByText(/connection to the studio was lost/)).toBeTruthy();
  expect(screen.getByTestId("Open sessions").textContent).toBe("7");
});

test("silent pipeline: said, with the last numbers", () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ parts: [], problems: [] })));
  page({ kind: "stalled", snapshot: busy, heardAt: 0 });
  expect(screen.getByText(/pipeline has written nothing/)).toBeTruthy();
});

test("silent pipeline: what holds it up, by name", async () => {
  const problem = "the pipeline has been held up for 90 s: it is at offset 3 (request 07, protocol xyz, app shop)";
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ parts: [], problems: [problem] })));
  page({ kind: "stalled", snapshot: busy, heardAt: 0 });
  expect(await screen.findByText(problem)).toBeTruthy();
});

test("never connected: what may be the case, and a way to try", () => {
  page({ kind: "reconnecting", snapshot: null, heardAt: null });
  expect(screen.getByRole("alert").textContent).toContain("The studio does not answer");
  expect(screen.getByRole("button", { name: "Try now" })).toBeTruthy();
});

test("signed out: which link to open", () => {
  page({ kind: "signed_out" });
  expect(screen.getByText(/This browser is not signed in/)).toBeTruthy();
});
