import { expect, test } from "vitest";
import { firstOf } from "../state/question";
import { chartOf } from "./tile";

const of = (by: readonly string[], view: string) => chartOf({ model: "events", question: { series: [{}], by } }, view);

test("a report is drawn on a dashboard as on its page, a pie only where each part has one name", () => {
  expect(["", "area", "stacked_bar", "number", "table"].map((view) => of([], view))).toEqual(["line", "area", "stacked_bar", "number", "table"]);
  expect([of([], "pie"), of(["os"], "pie"), of(["os", "browser"], "pie")]).toEqual(["table", "pie", "table"]);
  expect(chartOf({ model: "events", question: { series: [{}, {}] } }, "pie")).toBe("pie");
  expect((["path", "lifecycle", "attribution", "compare"] as const).map((model) => chartOf(firstOf(model, { by: ["os"] })))).toEqual(["table", "table", "table", "table"]);
});
