import type { RawRequest } from "../../../api/generated";
import { Snippet } from "../../../components/Snippet";
import { type Clock, formatBytes } from "../../../format/format";
import { prettyJson } from "./columns";
import css from "./RawRequestView.module.css";

type Props = { readonly request: RawRequest; readonly clock: Clock };

/** The request as it came, made readable. */
export function RawRequestView({ request, clock }: Props) {
  const facts = [
    ["Received", `${clock.full(request.received_at)} ${clock.zone}`],
    ["From", request.client_ip],
    ["Protocol", request.protocol],
    ["Sent with", request.credential],
    ["Place in the log", String(request.log_offset)],
    ["Body", bodyNote(request)],
  ];
  const query = request.query ? `?${request.query}` : "";
  const headers = request.headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
  return (
    <>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name} className={css.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3 className={css.title}>Request line and kept headers</h3>
      <Snippet label="request line and headers" text={`${request.method} ${request.path}${query}\n${headers}`} />
      <h3 className={css.title}>Body</h3>
      {request.body ? (
        <Snippet label="body" text={request.is_base64 ? request.body : prettyJson(request.body)} />
      ) : (
        <p className={css.none}>The request had no body.</p>
      )}
    </>
  );
}

function bodyNote(request: RawRequest): string {
  const notes = [`${formatBytes(request.body_bytes)} on the wire`];
  if (request.undone.length > 0) notes.push(`decoded from ${request.undone.join(", then ")}`);
  if (request.is_base64) notes.push("not text, shown as base64");
  if (request.is_cut) notes.push("only the first part is shown");
  return notes.join("; ");
}
