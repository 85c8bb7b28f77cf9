import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { clockIn } from "../format/format";
import { streamEvent } from "../testing/builders";
import { show } from "../testing/render";
import { StreamPanel } from "./StreamPanel";

const clock = clockIn("UTC");
const panel = (...numbers: number[]) => <StreamPanel events={numbers.map((n) => streamEvent(n))} clock={clock} />;
const pages = () => screen.queryAllByRole("link").map((row) => row.querySelector("[title]")?.textContent);

test("new events come on top of those of before", () => {
  const { showAgain } = show(panel(2, 1));
  showAgain(panel(3));
  expect(pages()).toEqual(["/page/3", "/page/2", "/page/1"]);
});

test("paused, the list stands still and says how much is newer", () => {
  const { showAgain } = show(panel(1));
  fireEvent.click(screen.getByRole("button", { name: "Pause the list" }));
  showAgain(panel(3, 2, 1));
  expect(pages()).toEqual(["/page/1"]);
  expect(screen.getByTestId("stream-note").textContent).toBe("Paused, 2 newer");
  fireEvent.click(screen.getByRole("button", { name: "Continue the list" }));
  expect(pages()).toEqual(["/page/3", "/page/2", "/page/1"]);
});

test("the filter is in the address, finds events of former snapshots, and can be cleared", () => {
  const { showAgain } = show(panel(12, 1));
  showAgain(panel(3));
  fireEvent.change(screen.getByRole("textbox", { name: "Filter events" }), { target: { value: "page/12" } });
  expect(window.location.search).toBe("?filter=page%2F12");
  expect(pages()).toEqual(["/page/12"]);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "nothing" } });
  expect(screen.getByText(/None of the newest events match/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Clear the filter" }));
  expect(window.location.search).toBe("");
});

test("one stop of the Tab key; arrows move between rows", () => {
  show(panel(3, 2, 1));
  const rows = screen.getAllByRole("link");
  expect(rows.map((row) => row.tabIndex)).toEqual([0, -1, -1]);
  rows[0]?.focus();
  fireEvent.keyDown(rows[0] ?? document.body, { key: "ArrowDown" });
  expect(document.activeElement).toBe(rows[1]);
  fireEvent.keyDown(rows[1] ?? document.body, { key: "ArrowUp" });
  expect(document.activeElement).toBe(rows[0]);
});

test("a row opens its event by the address, so that Back closes it", () => {
  show(panel(7));
  fireEvent.click(screen.getByRole("link"));
  expect(window.location.search).toBe("?event=00000000-0000-4000-8000-000000000007.0.7");
});
