import { expect, test } from "vitest";
import { type Filter, formatFilter, parseFilter, parseWho, toggled } from "./filters";

const page: Filter = { panel: "pages", value: "/a:b c" };
const direct: Filter = { panel: "sources", value: null };

test("an address gives back its filters, with colons and without a value", () => {
  for (const filter of [page, direct, { panel: "sources", value: "" } as const]) {
    expect(parseFilter(formatFilter(filter))).toEqual(filter);
  }
  expect(formatFilter(direct)).toBe("sources");
});

test("anything else is no filter, and people are meant", () => {
  for (const text of ["", "colour:red", "toString", "page:/"]) expect(parseFilter(text)).toBeNull();
  expect([parseWho(""), parseWho("robots"), parseWho("bots")]).toEqual(["people", "people", "bots"]);
});

test("another row of the panel replaces, the same row lets go, other panels stay", () => {
  const other: Filter = { panel: "pages", value: "/other" };
  expect(toggled([page, direct], other)).toEqual([direct, other]);
  expect(toggled([page, direct], page)).toEqual([direct]);
  expect(toggled([], direct)).toEqual([direct]);
});
