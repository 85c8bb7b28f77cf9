import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Apps } from "../../api/generated";
import type { LiveState } from "../../live/state";
import { counts, snapshot, streamEvent } from "../../testing/builders";
import { show } from "../../testing/render";
import { LivePage } from "./LivePage";

const apps: Apps = {
  project: "default",
  collector_url: "http://127.0.0.1:7700",
  apps: [{ app: { project: "default", app_id: "shop", name: "Shop", time_zone: "Europe/Rome" }, write_id: "fw_1" }],
};
const people = counts({ events_30m: 5, visitors_5m: 12_345, open_sessions: 7, stream: [streamEvent(1)] });
const busy = snapshot({ people, totals: { events: 5 } });
const asked: string[] = [];
let answer: unknown = {};
let status = 200;

beforeEach(() => {
  asked.length = 0;
  answer = {};
  status = 200;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return new Response(JSON.stringify(answer), { status });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

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

test("empty: how to send; the first event is shown there, and the page when it is asked for", () => {
  const { showAgain } = page({ kind: "live", snapshot: snapshot(), heardAt: 0 });
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Send the first event");
  showAgain(<LivePage live={{ kind: "live", snapshot: busy, heardAt: 0 }} apps={apps} />);
  fireEvent.click(screen.getByRole("button", { name: "Show the live page" }));
  expect(screen.getByTestId("Open sessions").textContent).toBe("7");
});

test("quiet for half an hour: the page comes back by itself", () => {
  const { showAgain } = page({ kind: "live", snapshot: snapshot({ totals: { events: 9 } }), heardAt: 0 });
  expect(screen.getByText("No events in the last 30 minutes")).toBeTruthy();
  showAgain(<LivePage live={{ kind: "live", snapshot: busy, heardAt: 0 }} apps={apps} />);
  expect(screen.getByTestId("Open sessions").textContent).toBe("7");
});

test("bots are left out, and where only they came the page says so", () => {
  const bots = counts({ events_30m: 3, visitors_5m: 2, stream: [streamEvent(4, { event_name: "crawl" })] });
  page({ kind: "live", snapshot: snapshot({ bots, totals: { events: 3 } }), heardAt: 0 });
  expect(screen.getByTestId("Visitors now").textContent).toBe("0");
  expect(screen.queryByText("crawl")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Show them" }));
  expect(window.location.search).toBe("?who=bots");
  expect(screen.getByTestId("Visitors now").textContent).toBe("2");
  expect(screen.getByText("crawl")).toBeTruthy();
});

test("a filter in the address: numbers of what is left, never those of everything", async () => {
  const left = counts({ visitors_5m: 3, events_30m: 1, stream: [streamEvent(9)] });
  answer = { at: 1, counts: left };
  window.history.replaceState(null, "", "/live?f=pages%3A%2Fcart");
  page({ kind: "live", snapshot: busy, heardAt: 0 });
  expect(screen.getByTestId("skeleton")).toBeTruthy();
  expect((await screen.findByTestId("Visitors now")).textContent).toBe("3");
  expect(asked).toContain("/api/live/filtered?who=people&f=pages%3A%2Fcart");
});

test("a filter that cannot be counted says why", async () => {
  status = 503;
  answer = { code: "overloaded", detail: "too many statements wait" };
  window.history.replaceState(null, "", "/live?f=pages%3A%2Fcart");
  page({ kind: "live", snapshot: busy, heardAt: 0 });
  expect((await screen.findByRole("alert")).textContent).toContain("too many statements wait");
  expect(screen.getByRole("button", { name: /Remove the filter Page/ })).toBeTruthy();
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
  page({ kind: "live", snapshot: { ...busy, people: { ...people, visitors_are_exact: false } }, heardAt: 0 });
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
