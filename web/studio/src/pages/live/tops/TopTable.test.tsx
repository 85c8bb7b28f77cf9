import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { TopList } from "../../../api/generated";
import { show } from "../../../testing/render";
import type { Filter } from "../narrowing/filters";
import { TopTable } from "./TopTable";

const rows = Array.from({ length: 10 }, (_, n) => ({ value: `/page/${n}`, count: 20_000 - n }));
const table = (top: TopList, filters: readonly Filter[] = [], onPick: (filter: Filter) => void = () => {}) => (
  <TopTable top={top} panel="sources" caption="Sources" rowsMax={7} none="No visitors yet" filters={filters} onPick={onPick} />
);

test("the first rows, short, with the exact number and share on hover", () => {
  show(table({ rows, others: 10 }));
  expect(screen.getAllByRole("rowheader")).toHaveLength(7);
  expect(screen.getAllByText("20 k")[0]?.title).toBe("20,000 visitors, 10 %");
});

test("a row is picked by its value, also what has none, and says when it is on", () => {
  const picked = vi.fn();
  const top = { rows: [{ value: null, count: 2 }, { value: "google", count: 1 }], others: 0 };
  show(table(top, [{ panel: "sources", value: "google" }, { panel: "pages", value: null }], picked));
  const [none, google] = screen.getAllByRole("button");
  expect([none?.textContent, none?.getAttribute("aria-pressed")]).toEqual(["Direct or unknown", "false"]);
  expect([google?.textContent, google?.getAttribute("aria-pressed")]).toEqual(["google", "true"]);
  if (none) fireEvent.click(none);
  expect(picked).toHaveBeenCalledWith({ panel: "sources", value: null });
});

test("text of a visitor is text, in its own direction", () => {
  const { container } = show(table({ rows: [{ value: "<img src=x onerror=alert(1)>", count: 1 }], others: 0 }));
  expect(screen.getByText("<img src=x onerror=alert(1)>").tagName).toBe("BDI");
  expect(container.querySelector("img")).toBeNull();
});

test("an empty list says so", () => {
  show(table({ rows: [], others: 0 }));
  expect(screen.getByText("No visitors yet")).toBeTruthy();
});
