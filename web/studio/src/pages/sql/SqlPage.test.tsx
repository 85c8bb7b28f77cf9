import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { show } from "../../testing/render";
import SqlPage from "./SqlPage";
import { ADDRESS_CHARS_MAX } from "./useStatement";

const tables = {
  tables: [
    { name: "events", kind: "table", row_is: "an event", columns: [{ name: "event_name", type: "VARCHAR", meaning: "What happened." }] },
    { name: "sessions", kind: "table", row_is: "a session", columns: [], problem: "a data file is missing" },
  ],
};
const reference = { functions: ["count"], limits: { time_max_us: 60_000_000, memory_max_bytes: 1 << 29, rows_max: 1000, answer_bytes_max: 1 << 26 } };
const queries = [
  { name: "by_day", sql: "SELECT :day AS d", parameters: [{ name: "day", type: "date", default: null }], created_at: 1, changed_at: 1, description: "One day" },
];
const one = { columns: [{ name: "n", type: "BIGINT" }], rows: [[7]], is_cut_off: false, cut_sequence: 3, cut_published_at: 1 };

/** Rows are drawn where there is a layout: in the browser tests. */
const FOUND = /^1 row in/;

let asked: string[] = [];
let signals: AbortSignal[] = [];
let answer: () => Promise<Response>;

beforeEach(() => {
  asked = [];
  signals = [];
  answer = async () => new Response(JSON.stringify(one));
  window.history.replaceState(null, "", "/sql");
  vi.stubGlobal("fetch", async (url: string, { body, signal }: { body?: string; signal: AbortSignal }) => {
    if (url === "/api/queries" && body === undefined) return new Response(JSON.stringify({ queries }));
    if (url === "/api/sql/reference") return new Response(JSON.stringify(reference));
    if (url === "/api/sql/tables") return new Response(JSON.stringify(tables));
    asked.push(`${url} ${body}`);
    signals.push(signal);
    return answer();
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function write(sql: string): Promise<HTMLElement> {
  const editor = await screen.findByRole("textbox", { name: "SQL statement" });
  fireEvent.change(editor, { target: { value: sql } });
  return editor;
}

test("nothing asked: what to do, and an example that is run", async () => {
  show(<SqlPage />);
  await write("");
  expect(screen.getByRole("button", { name: "Run" }).hasAttribute("disabled")).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Events by name" }));
  expect(await screen.findByText(FOUND)).toBeTruthy();
  expect(window.location.search).toContain("q=SELECT+event_name");
});

test("Ctrl-Enter runs; the same statement again is asked again", async () => {
  show(<SqlPage />);
  const editor = await write(" SELECT 7 AS n ");
  fireEvent.keyDown(editor, { key: "Enter", ctrlKey: true });
  expect(await screen.findByText(FOUND)).toBeTruthy();
  expect(window.location.search).toBe("?q=SELECT+7+AS+n");
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText(FOUND)).toBeTruthy();
  expect(asked).toEqual(Array.from({ length: 2 }, () => '/api/sql {"sql":"SELECT 7 AS n"}'));
});

test("cancel takes the question back, and says so", async () => {
  answer = () => new Promise(() => {});
  show(<SqlPage />);
  const editor = await write("SELECT 1");
  fireEvent.keyDown(editor, { key: "Enter", ctrlKey: true });
  fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("heading", { name: "Stopped" })).toBeTruthy();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test("a refusal stands in the words of the guard", async () => {
  const problem = { code: "invalid", detail: "only a SELECT can be run", retryable: false };
  answer = async () => new Response(JSON.stringify(problem), { status: 400 });
  window.history.replaceState(null, "", "/sql?q=DELETE");
  show(<SqlPage />);
  expect((await screen.findByRole("alert")).textContent).toContain("only a SELECT can be run");
  expect(asked).toHaveLength(1);
});

test("no rows, and rows that are not all", async () => {
  answer = async () => new Response(JSON.stringify({ ...one, rows: [] }));
  window.history.replaceState(null, "", "/sql?q=SELECT");
  const { unmount } = show(<SqlPage />);
  expect(await screen.findByText("The statement ran, and nothing matches.")).toBeTruthy();
  unmount();
  answer = async () => new Response(JSON.stringify({ ...one, is_cut_off: true }));
  show(<SqlPage />);
  expect(await screen.findByText(/There is more: the limit of rows or bytes was reached/)).toBeTruthy();
});

test("a statement that is too long for an address runs, and the page says what that means", async () => {
  show(<SqlPage />);
  const editor = await write(`SELECT '${"x".repeat(ADDRESS_CHARS_MAX)}'`);
  fireEvent.keyDown(editor, { key: "Enter", ctrlKey: true });
  expect(await screen.findByText(FOUND)).toBeTruthy();
  expect(window.location.search).toBe("");
  expect(screen.getByText(/it is too long for the address/)).toBeTruthy();
});

test("Back brings the statement before and its answer, without asking again", async () => {
  window.history.replaceState(null, "", "/sql?q=SELECT+1");
  show(<SqlPage />);
  expect(await screen.findByText(FOUND)).toBeTruthy();
  act(() => window.history.replaceState(null, "", "/sql?q=SELECT+2"));
  expect(await screen.findByDisplayValue("SELECT 2")).toBeTruthy();
  expect(await screen.findByText(FOUND)).toBeTruthy();
  act(() => window.history.replaceState(null, "", "/sql?q=SELECT+1"));
  expect(screen.getByDisplayValue("SELECT 1")).toBeTruthy();
  expect(screen.getByText(FOUND)).toBeTruthy();
  expect(asked).toHaveLength(2);
});

test("what was run is in the history until it is cleared", async () => {
  const { unmount } = show(<SqlPage />);
  const editor = await write("SELECT 7");
  fireEvent.keyDown(editor, { key: "Enter", ctrlKey: true });
  await screen.findByText(FOUND);
  unmount();
  window.history.replaceState(null, "", "/sql");
  show(<SqlPage />);
  const list = await screen.findByRole("list", { name: "Statements, newest first" });
  fireEvent.click(within(list).getByRole("button"));
  expect(window.location.search).toBe("?q=SELECT+7");
  fireEvent.click(screen.getByRole("button", { name: "Clear" }));
  expect(screen.getByText(/kept here, in this browser only/)).toBeTruthy();
});

test("tables open to columns, are searched by name and meaning, and a damaged one says so", async () => {
  show(<SqlPage />);
  const branch = await screen.findByRole("button", { name: "events 1" });
  expect(screen.getByText("Cannot be read: a data file is missing")).toBeTruthy();
  fireEvent.click(branch);
  expect(screen.getByRole("button", { name: "event_name varchar What happened." })).toBeTruthy();
  const search = screen.getByRole("textbox", { name: "Find a table or column" });
  fireEvent.change(search, { target: { value: "happened" } });
  expect(screen.getByRole("button", { name: "events 1" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^sessions/ })).toBeNull();
  fireEvent.change(search, { target: { value: "Sess" } });
  expect(screen.getByRole("button", { name: "sessions 0" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^events/ })).toBeNull();
  fireEvent.change(search, { target: { value: "nowhere" } });
  expect(screen.getByText("No table or column has this in its name or meaning.")).toBeTruthy();
});

test("a saved query asks for its parameters, runs by its name, and its address brings it back", async () => {
  show(<SqlPage />);
  fireEvent.click(await screen.findByRole("button", { name: /^by_day/ }));
  const field = await screen.findByLabelText(":day");
  fireEvent.change(field, { target: { value: "2026-11-29" } });
  fireEvent.click(screen.getByRole("button", { name: "Run by_day" }));
  expect(await screen.findByText(FOUND)).toBeTruthy();
  expect(asked).toEqual(['/api/queries/by_day/run {"params":{"day":"2026-11-29"}}']);
  const address = new URLSearchParams(window.location.search);
  expect([address.get("saved"), address.get("values")]).toEqual(["by_day", '{"day":"2026-11-29"}']);
});

test("an address runs no statement that defines something; a person does", async () => {
  answer = async () => new Response(JSON.stringify({ ...one, rows: [["the view v was removed"]] }));
  window.history.replaceState(null, "", "/sql?q=DROP+VIEW+v");
  show(<SqlPage />);
  expect(await screen.findByDisplayValue("DROP VIEW v")).toBeTruthy();
  expect(asked).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  expect((await screen.findByText("the view v was removed")).getAttribute("role")).toBe("status");
  expect(asked).toEqual(['/api/sql {"sql":"DROP VIEW v"}']);
  expect(window.location.search).toBe("");
});

test("a statement is saved under a name with types of its parameters", async () => {
  answer = async () => new Response(JSON.stringify({ ...queries[0], name: "mine" }));
  show(<SqlPage />);
  await write("SELECT $n AS n");
  fireEvent.click(screen.getByRole("button", { name: "Save query" }));
  fireEvent.change(await screen.findByLabelText(/^Name/), { target: { value: "mine" } });
  fireEvent.click(screen.getByLabelText("Several values, for IN"));
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("the query mine was saved")).toBeTruthy();
  const parameters = [{ name: "n", type: "text", default: null, is_list: true }];
  expect(asked).toEqual([`/api/queries ${JSON.stringify({ name: "mine", sql: "SELECT $n AS n", parameters, description: "" })}`]);
});
