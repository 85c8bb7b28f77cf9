import { has, read, type Shape, tell } from "../../../api/client";
import type { Report, ReportToSave, SavedReports } from "../../../api/generated";
import { type Asked, formatAsked } from "../state/question";

const isReports: Shape<SavedReports> = (value): value is SavedReports => has(value, "reports") && Array.isArray(value.reports);
const isReport: Shape<Report> = (value): value is Report => has(value, "id", "title", "question");

export const REPORTS_KEY = ["reports"] as const;

export function listReports(signal?: AbortSignal): Promise<SavedReports> {
  return read("/api/reports", isReports, { signal });
}

export function saveReport(asked: Asked, title: string, view: string): Promise<Report> {
  // What the API takes is plain JSON.
  const question: ReportToSave["question"] = { ...asked.question };
  return read("/api/reports", isReport, { body: { title, model: asked.model, question, view } });
}

export function changeReport(report: Report, changes: Partial<Pick<Report, "title" | "is_starred">>): Promise<Report> {
  const { id, updated_at: _, ...kept } = report;
  return read(`/api/reports/${id}`, isReport, { method: "PUT", body: { ...kept, ...changes } });
}

export function removeReport({ id }: Report): Promise<void> {
  return tell(`/api/reports/${id}`, { method: "DELETE" });
}

/** The address that asks a report's question. */
export function addressOf({ model, question, view }: Report): string {
  const q = JSON.stringify(question);
  return `/explore?${new URLSearchParams({ model, q, ...(view ? { view } : {}) }).toString()}`;
}

/** Whether it is just this question. */
export function isSame(report: Report, asked: Asked): boolean {
  const { model, q } = formatAsked(asked);
  return report.model === model && JSON.stringify(report.question) === q;
}
