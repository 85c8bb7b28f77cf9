import type { Selector } from "../../../api/generated";
import type { Asked } from "./question";

/** What is still to be chosen, in a sentence; null when it can be asked. */
export function missingIn(asked: Asked): string | null {
  switch (asked.model) {
    case "attribution":
      if (isAny(asked.question.goal)) return "Choose the goal: the event that counts as a conversion.";
      return !asked.question.field && (asked.question.touches ?? []).length === 0 ? "Choose a field of sessions, or events that are touch points." : null;
    case "compare":
      if (!asked.question.variant) return "Choose the field that says which variant somebody got.";
      return isAny(asked.question.goal) ? "Choose the goal: the event that is hoped for." : null;
    case "funnel":
      return asked.question.steps.length < 2 ? "Add a second step." : null;
    case "events":
    case "path":
    case "retention":
    case "lifecycle":
      return null;
  }
}

/** Whether nothing was chosen of it. */
export function isAny({ event, where }: Selector): boolean {
  return !event && !where;
}
