import { describe, expect, it, test } from "vitest";
import type { AttributionAnswer, CompareAnswer, FunnelAnswer, LifecycleAnswer, PathAnswer } from "../../../api/generated";
import type { Answered } from "../api";
import { type Asked, firstOf } from "../state/question";
import { wordsOf } from "../state/words";
import { shownGroups, withShownGroups } from "../builder/Builder";
import { credited } from "./AttributionResult";
import { stepTimeText } from "./FunnelResult";
import { roundShare } from "./figures";
import { bySize, groupOptions, type Grouped, groupText, inGroup } from "./groups";
import { lastWhole } from "./LifecycleResult";
import { hasChart } from "./ResultPanel";
import { openingIn, sheetOf } from "./sheet";

const ABOUT = { start: "", end: "", by: ["os"], notes: [], sql: "", cut_sequence: 1, cut_published_at: 0 };
const ALL: Grouped = { scope: "all", group: [] };
const REST: Grouped = { scope: "rest", group: [] };
// A value that is the text "rest" is a group like any other, and so is none.
const PARTS: readonly Grouped[] = [ALL, { scope: "group", group: ["rest"] }, { scope: "group", group: [null] }, REST];
const named = (what: string, { scope, group }: Grouped) => `${what} of ${scope} ${JSON.stringify(group)}`;

const PATH: PathAnswer = {
  ...ABOUT,
  nodes: PARTS.map((part) => ({ ...part, step: 1, is_rest: false, label: "/", count: 3, cell: named("node", part) })),
  rows: PARTS.map((part) => ({ ...part, step: 1, is_rest: false, label: "/", next_is_rest: false, next_label: "/tea", is_end: false, count: 2, cell: named("way", part) })),
};
const LIFECYCLE: LifecycleAnswer = {
  ...ABOUT,
  units: [{ start: "2024-10-07T00:00:00+00:00", end: "2024-10-14T00:00:00+00:00", is_complete: true }],
  rows: PARTS.map((part) => ({ ...part, unit: 0, state: "new", count: 4, cell: named("state", part) })),
  stickiness: [],
};
const touch = (part: Grouped, label: string | null, credit: number) => ({
  ...part,
  label,
  is_direct: label === null,
  touches: 1,
  count: 1,
  credit,
  share: null,
  value: null,
  cell: named(label ?? "direct", part),
});
const ATTRIBUTION: AttributionAnswer = {
  ...ABOUT,
  conversions: 6,
  value: null,
  groups: PARTS.slice(1).map((part) => ({ ...part, conversions: 2, value: null })),
  rows: PARTS.flatMap((part, at) => [touch(part, "mail", at + 1), touch(part, null, 1)]),
};
const COMPARE: CompareAnswer = {
  ...ABOUT,
  mixed: 0,
  mixed_cell: "",
  split_p: null,
  verdict: "",
  days_left: null,
  groups: [],
  rows: PARTS.map((part) => ({
    ...part,
    variant: "B",
    is_control: false,
    size: 9,
    count: 5,
    rate: null,
    rate_low: null,
    rate_high: null,
    lift: null,
    difference: null,
    difference_low: null,
    difference_high: null,
    verdict: "undecided",
    cell: named("won", part),
    size_cell: named("got", part),
  })),
};
const FUNNEL: FunnelAnswer = {
  ...ABOUT,
  rows: PARTS.map((part) => ({ ...part, step: 1, label: "view", count: 8, of_first: 1, of_previous: null, dropped: 0, cell: named("step", part), dropped_cell: null })),
  speeds: [],
  times: [],
};

const ANSWERS: readonly Answered[] = [
  { model: "path", answer: PATH },
  { model: "lifecycle", answer: LIFECYCLE },
  { model: "attribution", answer: ATTRIBUTION },
  { model: "compare", answer: COMPARE },
  { model: "funnel", answer: FUNNEL },
];

describe("parts of a broken-down answer", () => {
  it.each(ANSWERS.filter(({ model }) => model !== "compare"))("are chosen one at a time, everything first, the rest last: $model", (answered) => {
    const options = groupOptions(answered);
    expect(options.slice(1)).toEqual([
      { value: '["rest"]', label: "rest" },
      { value: "[null]", label: "(none)" },
      { value: "rest", label: "all others" },
    ]);
    const rows: readonly Grouped[] = answered.answer.rows;
    const parts = options.map(({ value }) => inGroup(rows, value).map(({ scope, group }) => ({ scope, group })));
    expect(parts.map((found) => found[0])).toEqual(PARTS);
    expect(parts.flat()).toHaveLength(rows.length);
  });

  it("are none where nothing is broken down, and not chosen where all of them are drawn", () => {
    expect(groupOptions({ model: "path", answer: { ...PATH, by: [] } })).toEqual([]);
    expect(groupOptions({ model: "compare", answer: COMPARE })).toEqual([]);
  });

  it.each(ANSWERS)("have a column of the table, and each number opens to its own: $model", (answered) => {
    const sheet = sheetOf(answered, []);
    expect(sheet.columns[0]?.name).toBe("os");
    expect(new Set(sheet.rows.map(([first]) => first?.value))).toEqual(new Set(["all", "rest", "(none)", "all others"]));
    for (const { cell } of answered.answer.rows) expect(openingIn(sheet, cell ?? "")).toMatchObject({ cell });
  });

  it("have no column where nothing is broken down", () => {
    expect(sheetOf({ model: "path", answer: { ...PATH, by: [] } }, []).columns.map(({ name }) => name)).toEqual(["step", "from", "to", "count"]);
  });
});

test("credit of groups stands side by side, never everything beside its parts", () => {
  const beside = credited(ATTRIBUTION, "");
  expect(beside.data.roles.colour).toBe("group");
  expect(beside.data.rows).toEqual([
    ["mail", "rest", 2],
    ["direct", "rest", 1],
    ["mail", "(none)", 3],
    ["direct", "(none)", 1],
    ["mail", "all others", 4],
    ["direct", "all others", 1],
  ]);
  expect(beside.rows.map(({ cell }) => cell)).toEqual(ATTRIBUTION.rows.slice(2).map(({ cell }) => cell));
  expect(credited(ATTRIBUTION, "rest").data).toMatchObject({ rows: [["mail", "all others", 4], ["direct", "all others", 1]], roles: { x: "touch point", y: ["credit"] } });
  expect(credited({ ...ATTRIBUTION, by: [], rows: ATTRIBUTION.rows.slice(0, 2), groups: [] }, "").rows).toHaveLength(2);
});

test("how many groups are shown is `groups` of a path, whose `top` is its nodes, and `top` of the others", () => {
  const path: Asked = { model: "path", question: { top: 8 } };
  expect([shownGroups(path), shownGroups(firstOf("lifecycle"))]).toEqual([10, 10]);
  const fewer = withShownGroups(path, 3);
  expect([fewer.question, shownGroups(fewer)]).toEqual([{ top: 8, groups: 3 }, 3]);
  expect(withShownGroups({ model: "compare", question: { variant: "v", goal: {} } }, 5).question.top).toBe(5);
});

test("a step says how long it took, if somebody took it", () => {
  expect(stepTimeText({ ...ALL, step: 2, median_seconds: 65, p90_seconds: 600 })).toBe(" Half got here within 1 m 5 s of the step before, nine in ten within 10 m 0 s.");
  expect(stepTimeText({ ...ALL, step: 2, median_seconds: null, p90_seconds: null })).toBe("");
  expect(stepTimeText(undefined)).toBe("");
});

test.each(["path", "lifecycle", "attribution", "compare"] as const)("the words of a question say what it is broken down by: %s", (model) => {
  expect(wordsOf(firstOf(model, { by: ["os", "country"] }))).toContain(", by os and country");
});

const size = ({ scope, group }: Grouped) => (scope === "rest" ? 99 : group[0] === "small" ? 1 : 5);

test("groups stand by their size, the rest last, in whichever order an answer has them", () => {
  const rows = [REST, { scope: "group", group: ["small"] }, { scope: "group", group: ["b"] }, { scope: "group", group: ["a"] }] as const;
  expect(bySize(rows, size).map(groupText)).toEqual(["a", "b", "small", "all others"]);
});

const unit = (start: string, is_complete: boolean) => ({ start, end: start, is_complete });
const sticky = (at: number, days: number | null) => ({ ...ALL, unit: at, active: 1, days, share: null });

test("stickiness is of the last unit that is over", () => {
  const answer = { ...LIFECYCLE, units: [unit("a", true), unit("b", true), unit("c", false)], stickiness: [sticky(0, 2), sticky(1, null), sticky(2, 1)] };
  expect(lastWhole(answer, "")?.days).toBe(2);
  expect(lastWhole({ ...answer, stickiness: answer.stickiness.slice(2) }, "")).toBeUndefined();
});

test("only what is drawn by a chart can be a picture", () => {
  const ended = { ...PATH, rows: PATH.rows.map((row) => ({ ...row, is_end: true })) };
  expect(hasChart({ model: "path", answer: PATH }, "")).toBe(true);
  expect(hasChart({ model: "path", answer: ended }, "")).toBe(false);
  expect(hasChart({ model: "funnel", answer: FUNNEL }, "")).toBe(false);
});

test("shares of a table stand below each other digit by digit", () => {
  expect([0.4217, 0.2, 1, null].map(roundShare)).toEqual(["42.2 %", "20.0 %", "100.0 %", "–"]);
});

test("the words of a question leave out nothing that changes its numbers", () => {
  const steps = [{ event: "view" }, { event: "cart" }, { event: "buy" }];
  expect(wordsOf({ model: "funnel", question: { steps, exclude: [{ event: "help" }, { event: "call", after: 2, before: 3 }], by: ["os"], by_step: "each" } })).toContain(
    "within 7d, without help between steps 1 and 3, without call between steps 2 and 3, with the same value at each step, by os",
  );
  expect(wordsOf({ model: "path", question: { nodes: "pages", rules: [{ match: "/t*", label: "tea" }, { match: "/x/*" }] } })).toContain("where it begins, /t* as tea, /x/* as one");
});

test("a goal that is still to be chosen is not any event; a session's field is named once", () => {
  expect(wordsOf(firstOf("compare"))).toContain("brings more visitors to the goal, from their first event that has it");
  expect(wordsOf({ model: "attribution", question: { goal: {}, field: "session.campaign" } })).toContain("What led to the goal: the session's campaign within 30d, ");
  expect(wordsOf({ model: "attribution", question: { goal: { event: "buy" }, field: "source" } })).toContain("What led to buy: the session's source within 30d, ");
});
