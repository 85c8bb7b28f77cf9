import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../testing/render";
import { FilterBar } from "./FilterBar";
import { type ColumnFilter, type Field, type FilterNode, formatNode, parseNode } from "./filters";
import { useFilters } from "./useColumnFilters";
import type { ValueSource } from "./values";

const FIELDS: readonly Field[] = [
  { name: "source", label: "Source", kind: "text" },
  { name: "events", label: "Events", kind: "number" },
  { name: "is_bot", label: "Bot", kind: "boolean" },
  { name: "page", label: "Page", kind: "text", operators: ["is", "is_not_set"] },
];
const VALUES: ValueSource = { name: "test", read: async (field, text) => ["mail", "maps", "social"].map((one) => `${field.name} ${one}`).filter((one) => one.includes(text)) };

function Bar({ isSingle = false }: { readonly isSingle?: boolean }) {
  const [filters, setFilters] = useFilters();
  return <FilterBar hasGroups isSingle={isSingle} fields={FIELDS} values={VALUES} filters={filters} onChange={setFilters} />;
}

const inAddress = () => new URLSearchParams(window.location.search).getAll("f");
// By label or text: roles of a whole page take seconds to be computed here.
function open(name: string): void {
  const found = screen.queryByLabelText(name, { selector: "button" }) ?? screen.getByText(name, { selector: "button, button *" }).closest("button");
  if (found) fireEvent.click(found);
}

const field = (label: string) => screen.findByLabelText(label, { selector: "input, select" });

async function choose(column: string): Promise<void> {
  fireEvent.click(await field("Column"));
  fireEvent.click(await screen.findByText(column, { selector: "[role=option] *" }));
}

test("a filter is the same after it was in an address, whatever its value has", () => {
  const filters: readonly FilterNode[] = [
    { column: "source", operator: "is", values: ["a:b,[c"] },
    { column: "source", operator: "in", values: ["a,b", 'c"', ""] },
    { column: "source", operator: "is_not_set", values: [] },
    { join: "any", parts: [{ column: "source", operator: "is", values: ["{"] }, { join: "all", parts: [{ column: "events", operator: "gt", values: ["1"] }] }] },
  ];
  expect(filters.map(formatNode).map(parseNode)).toEqual(filters);
  for (const wrong of ["source", "source:like:x", ":is:x", "source:is_set:x", "source:in:x", "source:is", "source:in:[1]", "{", '{"any":[]}', '{"any":["x"]}', '{"none":["a:is_set"]}']) {
    expect(parseNode(wrong)).toBeNull();
  }
});

test("a form that is there before its columns asks for no values, and takes the first column once it has them", async () => {
  const asked: string[] = [];
  const values: ValueSource = { name: "late", read: async (column) => [asked.push(column.name).toString()] };
  const bar = (fields: readonly Field[]) => <FilterBar fields={fields} values={values} filters={[]} onChange={() => {}} />;
  const { showAgain } = show(bar([]));
  open("Add filter");
  await field("Value");
  showAgain(bar(FIELDS));
  await waitFor(() => expect(asked).toEqual(["source"]));
  expect(await field("Column")).toHaveProperty("value", "Source");
});

test("a filter is added with an operator of its column, changed in place, and let go", async () => {
  show(<Bar />);
  open("Add filter");
  await choose("Events");
  fireEvent.change(screen.getByLabelText("Operator"), { target: { value: "gte" } });
  fireEvent.change(await field("Value"), { target: { value: "3" } });
  open("Add");
  expect(inAddress()).toEqual(["events:gte:3"]);
  fireEvent.click(screen.getByTitle("Change: Events is at least 3"));
  fireEvent.change(await field("Value"), { target: { value: "4" } });
  open("Change");
  expect(inAddress()).toEqual(["events:gte:4"]);
  open("Remove the filter Events is at least 4");
  expect(window.location.search).toBe("");
});

test("alternatives: or beside a condition, all or any of a group, and what is left of one", async () => {
  window.history.replaceState(null, "", "/?f=source%3Ais%3Amail");
  show(<Bar />);
  open("Or something else than Source is mail");
  fireEvent.change(await field("Value"), { target: { value: "social" } });
  open("Add");
  expect(inAddress()).toEqual(['{"any":["source:is:mail","source:is:social"]}']);
  expect(screen.getByLabelText("Any of: Source is mail or Source is social")).toBeTruthy();
  open("Any of");
  expect(inAddress()).toEqual(['{"all":["source:is:mail","source:is:social"]}']);
  open("Remove the filter Source is mail");
  expect(inAddress()).toEqual(["source:is:social"]);
});

/** Where the focus is then. */
function removing(filter: string): string | null | undefined {
  screen.getByLabelText(`Remove the filter ${filter}`, { selector: "button" }).focus();
  open(`Remove the filter ${filter}`);
  return document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;
}

test("who lets a filter go by keyboard is at the next one, and at the end where one is added", () => {
  window.history.replaceState(null, "", `/?${new URLSearchParams(['{"any":["source:is:a","source:is:b"]}', "source:is:c", "source:is:d"].map((one) => ["f", one])).toString()}`);
  show(<Bar />);
  expect(removing("Source is b")).toBe("Remove the filter Source is a");
  expect(removing("Source is d")).toBe("Remove the filter Source is c");
  expect(removing("Source is a")).toBe("Remove the filter Source is c");
  expect(removing("Source is c")).toBe("Add filter");
});

test("values are offered as the data has them, and yes and no are chosen", async () => {
  show(<Bar />);
  open("Add filter");
  fireEvent.change(await field("Value"), { target: { value: "ma" } });
  fireEvent.click(await screen.findByText("source maps", { selector: "[role=option] *" }));
  open("Add");
  expect(inAddress()).toEqual(["source:is:source maps"]);
  open("Add filter");
  await choose("Bot");
  expect(screen.getByLabelText<HTMLSelectElement>("Operator").options.length).toBe(4);
  open("Add");
  expect(inAddress()).toEqual(["source:is:source maps", "is_bot:is:true"]);
  open("Clear all");
  expect(inAddress()).toEqual([]);
});

test("a value that is typed to its end leaves no list over the button below it", async () => {
  show(<Bar />);
  open("Add filter");
  fireEvent.change(await field("Value"), { target: { value: "source ma" } });
  await screen.findByText("source mail", { selector: "[role=option] *" });
  fireEvent.change(await field("Value"), { target: { value: "source mail" } });
  await waitFor(() => expect(screen.queryByText("source mail", { selector: "[role=option] *" })).toBeNull());
});

test("a place that takes less offers less: its operators, and one condition only", async () => {
  show(<Bar isSingle />);
  open("Add filter");
  await choose("Page");
  expect([...screen.getByLabelText<HTMLSelectElement>("Operator").options].map(({ value }) => value)).toEqual(["is", "is_not_set"] satisfies ColumnFilter["operator"][]);
  fireEvent.change(screen.getByLabelText("Operator"), { target: { value: "is_not_set" } });
  open("Add");
  expect(inAddress()).toEqual(["page:is_not_set"]);
  expect(screen.queryByText("Add filter")).toBeNull();
});
