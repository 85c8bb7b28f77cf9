import type { EventDetail } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { Moment } from "../../../components/Moment";
import type { Clock } from "../../../format/format";
import { columnText } from "./columns";
import css from "./HowEnriched.module.css";

type Props = { readonly detail: EventDetail; readonly clock: Clock };

const TIMES = new Set(["created_at", "sent_at", "received_at", "event_time"]);

const RULES: Readonly<Record<string, string>> = {
  received: "The device sent no time, so the event has the time it was received.",
  device: "The device's time was used as it is.",
  shifted: "The device's clock is off: its time was moved by the difference between sending and receiving.",
  clamped: "The device's time was later than the receipt, so the event has the time it was received.",
};

type Step = { readonly title: string; readonly text: string; readonly from: readonly string[]; readonly to: readonly string[] };

function stepsOf(detail: EventDetail): readonly Step[] {
  const rule = columnText(detail, "event_time_rule") ?? "";
  return [
    {
      title: "Clock",
      text: RULES[rule] ?? `Rule ${rule || "unknown"}.`,
      from: ["created_at", "sent_at", "received_at"],
      to: ["event_time", "event_time_rule", "clock_offset_ms"],
    },
    {
      title: "User agent",
      text: "Browser, system and device are read from the user agent.",
      from: ["user_agent"],
      to: ["browser", "browser_version", "os", "os_version", "device_category", "device_brand", "device_model"],
    },
    {
      title: "Page",
      text: "The address of the page and of the referrer are taken apart.",
      from: ["page_url", "page_referrer"],
      to: ["page_host", "page_path", "page_query", "referrer_host"],
    },
    {
      title: "Campaign",
      text: "What the SDK sent, else parameters of the page's address, else the referrer.",
      from: ["page_url", "referrer_host"],
      to: ["source", "medium", "campaign", "term", "content", "click_id", "click_id_platform"],
    },
    {
      title: "Session",
      text: "The visitor's events without a longer gap. A late event may still rename it.",
      from: ["visitor_id", "event_time"],
      to: ["session_id"],
    },
  ];
}

/** Each step with what it read and what it added. */
export function HowEnriched({ detail, clock }: Props) {
  return (
    <ol className={css.steps}>
      {stepsOf(detail).map((step) => (
        <li key={step.title} className={css.step}>
          <h3 className={css.title}>{step.title}</h3>
          <p className={css.text}>{step.text}</p>
          <Fields label="From" names={step.from} detail={detail} clock={clock} />
          <Fields label="To" names={step.to} detail={detail} clock={clock} />
        </li>
      ))}
    </ol>
  );
}

type FieldsProps = Props & { readonly label: string; readonly names: readonly string[] };

function Fields({ label, names, detail, clock }: FieldsProps) {
  const found = names.flatMap((name) => {
    const value = columnText(detail, name);
    return value === null ? [] : [{ name, value }];
  });
  return (
    <div className={css.fields}>
      <span className={css.label}>{label}</span>
      {found.length === 0 ? (
        <span className={css.none}>nothing</span>
      ) : (
        <ul className={css.values}>
          {found.map(({ name, value }) => (
            <li key={name}>
              <span className={css.name}>{name}</span>{" "}
              {TIMES.has(name) ? <Moment text={value} clock={clock} /> : <LongText text={value} />}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
