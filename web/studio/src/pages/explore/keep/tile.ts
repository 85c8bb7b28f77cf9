import type { Tile } from "../../../api/generated";
import type { Asked } from "../state/question";

/** How a report is drawn on a dashboard, where tiles have columns and no models. */
export function chartOf({ model, question }: Asked, view = ""): Tile["chart"] {
  switch (model) {
    case "events":
      return view === "area" || view === "bar" || view === "stacked_bar" || view === "table" ? view : "line";
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
