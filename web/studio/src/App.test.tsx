import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { PAGES } from "./router/pages";
import { show } from "./testing/render";

beforeEach(() => {
  vi.stubGlobal("EventSource", class extends EventTarget {
    close() {}
  });
  vi.stubGlobal("fetch", async () => new Response("{}", { status: 503 }));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const marked = () => screen.getAllByRole("link").filter((link) => link.getAttribute("aria-current") === "page");

test("the bare address is Home, which no entry of the navigation is; the live page is marked there", () => {
  window.history.replaceState(null, "", "/");
  const home = show(<App />);
  expect(document.title).toBe("Home · Footfall");
  expect(marked()).toEqual([]);
  home.unmount();
  window.history.replaceState(null, "", "/live");
  show(<App />);
  expect(document.title).toBe("Live · Footfall");
  expect(marked().map((link) => link.textContent)).toEqual(["Live"]);
});

test("a page that is not there has a title, a heading and a way out, and nothing is marked", () => {
  window.history.replaceState(null, "", "/nowhere");
  show(<App />);
  expect(document.title).toBe("No such page · Footfall");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("There is no such page");
  expect(marked()).toEqual([]);
  expect(screen.getByRole("link", { name: "Go to the live page" })).toBeTruthy();
});

test("the navigation has the pages there are; a click goes there without loading anew", async () => {
  show(<App />);
  const links = screen.getAllByRole("navigation").flatMap((nav) => [...nav.querySelectorAll("li a")]);
  expect(links.map((link) => link.getAttribute("href"))).toEqual(PAGES.map(({ path }) => path));
  fireEvent.click(screen.getByRole("link", { name: "SQL" }));
  expect(await screen.findByRole("heading", { level: 1, name: "SQL" })).toBeTruthy();
  expect([window.location.pathname, document.title, document.activeElement?.id]).toEqual(["/sql", "SQL · Footfall", "page"]);
  expect(marked().map((link) => link.textContent)).toEqual(["SQL"]);
});
