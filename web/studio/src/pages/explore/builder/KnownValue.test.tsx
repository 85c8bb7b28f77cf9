import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { show } from "../../../testing/render";
import { KnownValue } from "./KnownValue";

const row = (value: string, count: number) => ({ scope: "group", group: [value], bucket: null, number: 0, series: "", is_previous: false, value: count, cell: "" });
let asked: string[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
    asked.push(body);
    return new Response(JSON.stringify({ rows: [row("/tea", 2), row("/checkout", 9)], buckets: [] }));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function shown(): { readonly input: HTMLElement; readonly chosen: string[] } {
  const chosen: string[] = [];
  show(<KnownValue label="Beginning at" description="" field="page_path" value="/" onChange={(value) => chosen.push(value)} />);
  return { input: screen.getByRole("combobox", { name: "Beginning at" }), chosen };
}

test("values that the data has are offered when it is entered, those of most events first", async () => {
  const { input, chosen } = shown();
  expect(asked).toEqual([]);
  fireEvent.focus(input);
  fireEvent.click(input);
  const options = await screen.findAllByRole("option", { hidden: true });
  expect(options.map(({ textContent }) => textContent)).toEqual(["/checkout", "/tea"]);
  expect(asked[0]).toContain("page_path");
  for (const option of options.slice(1)) fireEvent.click(option);
  expect(chosen).toEqual(["/tea"]);
});

test("any other text counts when it is left, once; Escape takes it back", () => {
  const { input, chosen } = shown();
  fireEvent.focus(input);
  fireEvent.change(input, { target: { value: " a product " } });
  expect(chosen).toEqual([]);
  fireEvent.blur(input);
  expect(chosen).toEqual(["a product"]);
  fireEvent.focus(input);
  fireEvent.change(input, { target: { value: "/x" } });
  fireEvent.keyDown(input, { key: "Escape" });
  fireEvent.blur(input);
  expect(chosen).toEqual(["a product"]);
});
