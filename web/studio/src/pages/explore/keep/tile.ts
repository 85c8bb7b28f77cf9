import type { EventsQuestion, Tile } from "../../../api/generated";
import type { Asked } from "../state/question";

/** How a report is drawn on a dashboard, where tiles have columns and no models. */
export function chartOf({ model, question }: Asked, view = ""): Tile["chart"] {
  switch (model) {
    case "events":
      if (view === "pie") return isOneOfMany(question) ? "pie" : "table";
      return view === "area" || view === "bar" || view === "stacked_bar" || view === "number" || view === "table" ? view : "line";
    case "funnel":
      return (question.by ?? []).length === 0 ? "bar" : "table";
    case "retention":
      return "heat_map";
    case "path":
    case "lifecycle":
    case "attribution":
    case "compare":
      return "table";
  }
}

/** Whether its parts have one name each: those of one field, or several series. */
function isOneOfMany({ by = [], series, formulas = [] }: EventsQuestion): boolean {
  return by.length + (series.length + formulas.length > 1 ? 1 : 0) === 1;
}
