import { expect, test } from "vitest";
import { columnOptions } from "./completion";

const column = (name: string) => ({ name, type: "VARCHAR", meaning: `What ${name} is.` });
const tables = [
  { name: "events", kind: "table" as const, row_is: "", columns: [column("event_id"), column("app_id")] },
  { name: "sessions", kind: "table" as const, row_is: "", columns: [column("session_id"), column("app_id")] },
];
const labels = (statement: string) => columnOptions(tables, statement).map(({ label }) => label);

test("columns of the tables that a statement names; of all while it names none", () => {
  expect(labels("select x from Events e")).toEqual(["event_id", "app_id"]);
  expect(labels("FROM events JOIN sessions")).toEqual(["event_id", "app_id", "session_id"]);
  expect(labels("SELECT my_events")).toEqual(["event_id", "app_id", "session_id"]);
  expect(columnOptions(tables, "FROM events")[0]).toEqual({
    label: "event_id",
    type: "property",
    detail: "varchar",
    info: "What event_id is.",
  });
});
