import type { Failure } from "../../../api/generated";

/** What each reason means, after "3 events" or "1 request". */
const WORDS: Readonly<Record<string, string>> = {
  bad_encoding: "that cannot be decompressed or is no UTF-8",
  body_too_large: "over the size limit",
  not_json: "with a body that is not JSON",
  not_an_event: "that is JSON but no object",
  missing_field: "without a field that it needs",
  wrong_type: "with a field of the wrong type",
  invalid_value: "with a value that cannot be",
  too_many_events: "beyond the limit of a request",
  too_old: "too long ago",
  id_conflict: "with the id of another event",
  app_mismatch: "for another app than its key",
  unsupported: "of a protocol this version does not know",
  lost: "lost with a damaged part of the log",
  poison: "that ended the pipeline",
  enrichment: "that a step of enrichment failed for",
  internal: "that met a fault of ours",
};

/** One failure's sentence; the value of a visitor or sender in it stands apart, as it is text. */
export type FailureLine = {
  readonly before: string;
  readonly value: string | null;
  readonly after: string;
};

function counted(count: number, part: Failure["part"]): string {
  return `${count.toLocaleString("en")} ${part}${count === 1 ? "" : "s"}`.replace("record", "event");
}

/** `1 request with unknown write id wbe; known: web`. */
export function describeFailure(failure: Failure, writeIds: readonly string[]): FailureLine {
  const what = counted(failure.count, failure.part);
  if (failure.reason === "unknown_write_id") {
    const known = writeIds.length > 0 ? `; known: ${writeIds.join(", ")}` : "; no write id is known";
    return failure.credential
      ? { before: `${what} with unknown write id `, value: failure.credential, after: known }
      : { before: `${what} without a write id`, value: null, after: known };
  }
  return { before: `${what} ${WORDS[failure.reason] ?? failure.reason}`, value: null, after: "" };
}
