import { describe, expect, it } from "vitest";
import { type Asked, commonOf, firstOf, formatAsked, MODELS, parseAsked, pinnedTo } from "./question";
import { wordsOf } from "./words";

const FUNNEL: Asked = {
  model: "funnel",
  question: {
    range: { start: "2024-10-01", end: "2024-10-31" },
    zone: "Europe/Berlin",
    app: "shop",
    by: ["device_category"],
    where: { all: [{ field: "page_path", op: "starts_with", value: "/é&=+#" }, { field: "value", op: "gte", value: 10 }] },
    steps: [{ event: "page_view" }, { event: ["add", "buy"], where: { field: "properties.price", op: "gt", value: 2 } }],
    window: "1d",
    order: "strict",
  },
};

describe("the question of a cell", () => {
  it("is of the moment that the answer's segments were of", () => {
    expect(pinnedTo(FUNNEL, "2024-10-04T11:00:00+00:00")).toEqual({ ...FUNNEL, question: { ...FUNNEL.question, segments_at: "2024-10-04T11:00:00+00:00" } });
    expect(pinnedTo(FUNNEL, null)).toBe(FUNNEL);
  });
});

describe("the question of an address", () => {
  it.each(MODELS)("is the same after it was in an address: $model", ({ model }) => {
    const asked = firstOf(model);
    const { q } = formatAsked(asked);
    const address = new URLSearchParams({ q }).toString();
    expect(parseAsked(model, new URLSearchParams(address).get("q") ?? "")).toEqual({ asked, isBroken: false });
  });

  it("keeps what no form of the page shows", () => {
    const { model, q } = formatAsked(FUNNEL);
    expect(parseAsked(model, q)).toEqual({ asked: FUNNEL, isBroken: false });
  });

  it.each([
    ["funnel", "{"],
    ["funnel", "[]"],
    ["funnel", '{"steps":[1]}'],
    ["funnel", '{"steps":[]}'],
    ["events", '{"series":[{"event":7}]}'],
    ["events", '{"series":[{}],"by":"page_path"}'],
    ["compare", '{"goal":{}}'],
    ["path", '{"rules":[{}]}'],
  ])("that cannot be drawn is a new one, and said: %s %s", (model, q) => {
    const { asked, isBroken } = parseAsked(model, q);
    expect(isBroken).toBe(true);
    expect(asked.model).toBe(model);
  });

  it("takes range, app, filter and breakdown to another model", () => {
    expect(firstOf("path", commonOf(FUNNEL.question)).question).toEqual({
      range: FUNNEL.question.range,
      zone: "Europe/Berlin",
      app: "shop",
      by: ["device_category"],
      where: FUNNEL.question.where,
      nodes: "pages",
    });
  });
});

it("says a question in plain words", () => {
  expect(wordsOf(FUNNEL)).toBe(
    "Visitors who did page_view, then at once add or buy (properties.price is more than 2), within 1d, page_path starts with /é&=+# and value is at least 10, by device_category, app shop. 2024-10-01 to 2024-10-31, times of Europe/Berlin.",
  );
});
