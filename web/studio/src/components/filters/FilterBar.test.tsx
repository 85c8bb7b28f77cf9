import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../testing/render";
import { FilterBar } from "./FilterBar";
import { type ColumnFilter, type Field, formatColumnFilter, parseColumnFilter } from "./filters";
import { useColumnFilters } from "./useColumnFilters";

const FIELDS: readonly Field[] = [
  { name: "source", label: "Source", kind: "text" },
  { name: "events", label: "Events", kind: "number" },
  { name: "is_bot", label: "Bot", kind: "boolean" },
];

function Bar() {
  const [filters, setFilters] = useColumnFilters();
  return <FilterBar fields={FIELDS} filters={filters} onChange={setFilters} />;
}

test("a filter is the same after it was in an address, whatever its value has", () => {
  const filters: readonly ColumnFilter[] = [
    { column: "source", operator: "is", values: ["a:b,[c"] },
    { column: "source", operator: "in", values: ["a,b", 'c"', ""] },
    { column: "source", operator: "is_not_set", values: [] },
  ];
  expect(filters.map(formatColumnFilter).map(parseColumnFilter)).toEqual(filters);
  for (const wrong of ["source", "source:like:x", ":is:x", "source:is_set:x", "source:in:x", "source:is", "source:in:[1]"]) {
    expect(parseColumnFilter(wrong)).toBeNull();
  }
});

test("a filter is added with an operator of its column, and let go", async () => {
  show(<Bar />);
  fireEvent.click(screen.getByRole("button", { name: "Add filter" }));
  fireEvent.change(await screen.findByLabelText("Column"), { target: { value: "events" } });
  fireEvent.change(screen.getByLabelText("Operator"), { target: { value: "gte" } });
  fireEvent.change(screen.getByLabelText("Value"), { target: { value: "3" } });
  fireEvent.click(screen.getByRole("button", { name: "Add" }));
  expect(new URLSearchParams(window.location.search).getAll("f")).toEqual(["events:gte:3"]);
  fireEvent.click(screen.getByRole("button", { name: "Remove the filter Events is at least 3" }));
  expect(window.location.search).toBe("");
});

test("yes and no are chosen, not typed", async () => {
  show(<Bar />);
  fireEvent.click(screen.getByRole("button", { name: "Add filter" }));
  fireEvent.change(await screen.findByLabelText("Column"), { target: { value: "is_bot" } });
  expect(screen.getByLabelText<HTMLSelectElement>("Operator").options.length).toBe(4);
  fireEvent.click(screen.getByRole("button", { name: "Add" }));
  expect(new URLSearchParams(window.location.search).getAll("f")).toEqual(["is_bot:is:true"]);
});
