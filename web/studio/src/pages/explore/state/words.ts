import type { Filter, LifecycleQuestion, Selector } from "../../../api/generated";
import { nodeOf } from "../../../components/filters/wire";
import { wordsOf as filterWords } from "../../../components/filters/words";
import { rangeText } from "../../dashboards/view/range";
import { isAny } from "./missing";
import type { Asked, Common } from "./question";

/** A question in plain words. */
export function wordsOf(asked: Asked): string {
  const { question } = asked;
  const range = rangeText(question.range ?? { last: 30 });
  const tail = [whereWords(question.where), byWords(question.by), question.app ? `app ${question.app}` : "", botWords(question.bots), besideWords(question.compare)].filter(Boolean);
  return `${headOf(asked)}${tail.map((part) => `, ${part}`).join("")}. ${range}${question.zone ? `, times of ${question.zone}` : ""}.`;
}

function headOf(asked: Asked): string {
  switch (asked.model) {
    case "events": {
      const { series, granularity = "day", formulas = [] } = asked.question;
      const said = series.map(({ measure = "events", of, ...one }) => `${of ? `${measure} of ${of}` : measure} of ${nameOf(one)}`);
      const more = [...said, ...formulas].join("; ");
      return `${capital(more)}, by ${granularity}`;
    }
    case "funnel": {
      const { steps, order = "ordered", window = "7d", per = "visitor", exclude = [], by = [], by_step } = asked.question;
      const joint = { ordered: ", then ", strict: ", then at once ", any: " and, in any order, " }[order];
      const without = exclude.map((one) => `, without ${nameOf(one)} between steps ${one.after ?? 1} and ${one.before ?? steps.length}`).join("");
      return `${capital(per)}s who did ${steps.map(nameOf).join(joint)}, within ${window}${without}${by_step === "each" && by.length > 0 ? ", with the same value at each step" : ""}`;
    }
    case "path": {
      const { nodes = "events", direction = "from", node, per = "session", rules = [] } = asked.question;
      const start = direction === "from" ? `from ${node ?? "where it begins"}` : `to ${node ?? "where it ends"}`;
      return `The way of ${per}s over ${nodes}, ${start}${rules.map(({ match, label }) => `, ${match} as ${label || "one"}`).join("")}`;
    }
    case "retention": {
      const { start = {}, back = {}, unit = "day", mode, per = "visitor" } = asked.question;
      return `${capital(per)}s who did ${nameOf(start)} and came back with ${nameOf(back)}, by ${unit}${mode === "on_or_after" ? ", then or later" : ""}`;
    }
    case "lifecycle":
      return lifecycleHead(asked.question);
    case "attribution": {
      const { goal, field, touches = [], model = "last", window = "30d" } = asked.question;
      const points = field ? `the session's ${field.replace(/^session\./, "")}` : touches.map(nameOf).join(", ");
      return `What led to ${goalOf(goal)}: ${points} within ${window}, ${CREDIT[model]}`;
    }
    case "compare": {
      const { variant, goal, exposure = {}, per = "visitor" } = asked.question;
      return `Which ${variant || "variant"} brings more ${per}s to ${goalOf(goal)}, from their first ${isAny(exposure) ? "event that has it" : nameOf(exposure)}`;
    }
  }
}

const CREDIT = {
  first: "all credit to the first",
  last: "all credit to the last",
  linear: "as much credit to each",
  position: "credit by position",
  time_decay: "more credit to later ones",
  markov: "credit by what would be lost without it",
} as const;

function lifecycleHead({ active = {}, unit = "week", per = "visitor" }: LifecycleQuestion): string {
  return `New, retained, returning and dormant ${per}s by ${unit}, with ${nameOf(active)}`;
}

/** What people call a selector. */
export function nameOf({ event, label, where }: Selector): string {
  const name = label || (Array.isArray(event) ? event.join(" or ") : (event ?? "any event"));
  const more = whereWords(where);
  return more ? `${name} (${more})` : String(name);
}

/** A goal that is still to be chosen is not any event. */
function goalOf(goal: Selector): string {
  return isAny(goal) ? "the goal" : nameOf(goal);
}

function whereWords(where: Filter | null | undefined): string {
  return where ? filterWords(nodeOf(where)) : "";
}

function byWords(by: Common["by"]): string {
  return by && by.length > 0 ? `by ${by.join(" and ")}` : "";
}

function besideWords(compare: Common["compare"]): string {
  if (compare === "year") return "beside the same dates a year before";
  return compare === "previous" ? "beside the period before" : "";
}

function botWords(bots: Common["bots"]): string {
  return bots === "only" ? "bots only" : bots === "include" ? "bots included" : "";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
