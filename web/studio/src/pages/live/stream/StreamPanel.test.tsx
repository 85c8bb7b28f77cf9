import { act, fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { clockIn } from "../../../format/format";
import { streamEvent } from "../../../testing/builders";
import { show } from "../../../testing/render";
import { StreamPanel } from "./StreamPanel";

const clock = clockIn("UTC");
const panel = (...numbers: number[]) => <StreamPanel events={numbers.map((n) => streamEvent(n))} clock={clock} />;
const pages = () => screen.queryAllByRole("link").map((row) => row.querySelector("[title]")?.textContent);

test("new events come on top of those of before", () => {
  const { showAgain } = show(panel(2, 1));
  showAgain(panel(3));
  expect(pages()).toEqual(["/page/3", "/page/2", "/page/1"]);
});

test("paused, the list stands still and says what will happen", () => {
  const { showAgain } = show(panel(1));
  fireEvent.click(screen.getByRole("button", { name: "Pause the list" }));
  showAgain(panel(3, 2, 1));
  expect(pages()).toEqual(["/page/1"]);
  expect(screen.getByTestId("newer").textContent).toBe("2 newer");
  expect(screen.getByTestId("stream-note").textContent).toBe("Paused. Newer events come when you continue");
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "page/3" } });
  expect(screen.getByTestId("newer").textContent).toBe("1 newer");
  expect(screen.getByTestId("stream-note").textContent).toMatch(/newer matches come when you continue/);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "" } });
  fireEvent.click(screen.getByRole("button", { name: "Continue the list" }));
  expect(pages()).toEqual(["/page/3", "/page/2", "/page/1"]);
});

test("under the pointer the list stands still, and goes on when it leaves", () => {
  const { showAgain } = show(panel(1));
  const list = screen.getByRole("list");
  fireEvent.pointerEnter(list);
  showAgain(panel(3, 2, 1));
  expect(pages()).toEqual(["/page/1"]);
  fireEvent.click(screen.getByTestId("newer"), { detail: 1 });
  expect(pages()).toEqual(["/page/3", "/page/2", "/page/1"]);
  showAgain(panel(4));
  expect(pages()).toHaveLength(3);
  fireEvent.pointerLeave(list);
  expect(pages()).toHaveLength(4);
  expect(screen.queryByTestId("newer")).toBeNull();
});

test("the keyboard's focus stays on its row as rows arrive, and goes to the first with the newer ones", () => {
  const { showAgain } = show(panel(2, 1));
  const [, second] = screen.getAllByRole("link");
  act(() => second?.focus());
  showAgain(panel(4, 3));
  expect(pages()).toEqual(["/page/2", "/page/1"]);
  expect(document.activeElement).toBe(second);
  expect(second?.tabIndex).toBe(0);
  fireEvent.click(screen.getByTestId("newer"), { detail: 0 });
  expect(pages()[0]).toBe("/page/4");
  expect(document.activeElement).toBe(screen.getAllByRole("link")[0]);
});

test("while one of its events is open the list waits behind it", () => {
  const { showAgain } = show(panel(1));
  fireEvent.click(screen.getByRole("link"));
  showAgain(panel(2));
  expect(pages()).toEqual(["/page/1"]);
});

test("a finger's click comes after it left: the list waits for it", () => {
  vi.useFakeTimers();
  const { showAgain } = show(panel(1));
  const list = screen.getByRole("list");
  fireEvent.pointerEnter(list, { pointerType: "touch" });
  fireEvent.pointerLeave(list, { pointerType: "touch" });
  showAgain(panel(2));
  expect(pages()).toEqual(["/page/1"]);
  act(() => void vi.advanceTimersByTime(2_000));
  expect(pages()).toEqual(["/page/2", "/page/1"]);
  vi.useRealTimers();
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
