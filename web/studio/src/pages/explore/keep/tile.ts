import type { Dashboard, Tile } from "../../../api/generated";
import type { Asked } from "../state/question";

const WIDTH = 6;
const HEIGHT = 5;

/** How a report is drawn on a dashboard, where tiles have columns and no models. */
function chartOf({ model, question }: Asked, view: string): Tile["chart"] {
  if (model === "events") {
    if (view === "area" || view === "bar" || view === "stacked_bar" || view === "table") return view;
    return "line";
  }
  return model === "funnel" && (question.by ?? []).length === 0 ? "bar" : "table";
}

/** A dashboard with a report below what its sheet has. */
export function withReport(dashboard: Dashboard, sheet: number, asked: Asked, view: string, title: string): Dashboard {
  const at = dashboard.sheets[sheet];
  if (!at) return dashboard;
  const below = Math.max(0, ...(at.tiles ?? []).map(({ place }) => place.y + place.h));
  const taken = new Set(dashboard.sheets.flatMap(({ tiles }) => (tiles ?? []).map(({ id }) => id)));
  const id = Array.from({ length: taken.size + 1 }, (_, place) => `report-${place + 1}`).find((name) => !taken.has(name)) ?? "report";
  const tile: Tile = {
    id,
    title,
    chart: chartOf(asked, view),
    place: { x: 0, y: below, w: WIDTH, h: HEIGHT },
    query: { kind: "report", model: asked.model, question: asked.question },
  };
  return { ...dashboard, sheets: dashboard.sheets.map((one, place) => (place === sheet ? { ...one, tiles: [...(one.tiles ?? []), tile] } : one)) };
}
