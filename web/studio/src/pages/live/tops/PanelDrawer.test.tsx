import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { show } from "../../../testing/render";
import { PanelDrawer } from "./PanelDrawer";

let body: unknown = { rows: [{ value: "/cart", count: 3 }, { value: "/", count: 2 }], others: 7 };
let status = 200;

beforeEach(() => {
  status = 200;
  vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify(body), { status })));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const asked = () => vi.mocked(fetch).mock.calls.map(([url]) => String(url));

test("closed without an address that names a panel", () => {
  window.history.replaceState(null, "", "/live?list=nothing");
  show(<PanelDrawer />);
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("all rows with what is not listed; a search asks the server, a click narrows the page", async () => {
  window.history.replaceState(null, "", "/live?list=pages&who=all&f=sources%3Agoogle");
  show(<PanelDrawer />);
  expect(await screen.findByText("2 rows; 7 views of rarer ones are not listed")).toBeTruthy();
  expect(asked()).toEqual(["/api/live/lists/pages?who=all&f=sources%3Agoogle&search="]);
  fireEvent.change(screen.getByRole("textbox", { name: "Search pages" }), { target: { value: "car" } });
  await waitFor(() => expect(asked().at(-1)).toContain("search=car"));
  fireEvent.click(screen.getByRole("button", { name: "/cart" }));
  expect(window.location.search).toBe("?who=all&f=sources%3Agoogle&f=pages%3A%2Fcart");
});

test("an error is said", async () => {
  status = 503;
  body = { code: "overloaded", detail: "too many statements wait" };
  window.history.replaceState(null, "", "/live?list=pages");
  show(<PanelDrawer />);
  expect((await screen.findByRole("alert")).textContent).toContain("too many statements wait");
});
