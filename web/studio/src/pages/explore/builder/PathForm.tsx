import type { PathQuestion } from "../../../api/generated";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { OneOf, Typed, WholeNumber } from "./Choices";
import { EventChoice } from "./EventChoice";
import { KnownValue } from "./KnownValue";

const NODES = { events: "Events", pages: "Pages", screens: "Screens" } as const;
/** Where the names of nodes come from. */
const NODE_FIELDS = { events: "event_name", pages: "page_path", screens: "screen_name" } as const;
const DIRECTIONS = { from: "From", to: "To" } as const;
const PER = { visitor: "Visitors", user: "Users", session: "Sessions" } as const;
const REPEATS = { yes: "One step", no: "Steps each" } as const;

type Props = { readonly question: PathQuestion; readonly offered: Offered; readonly onChange: (question: PathQuestion) => void };

export function PathForm({ question, offered, onChange }: Props) {
  const { nodes = "events", direction = "from", per = "session", rules = [] } = question;
  return (
    <>
      <div className={css.two}>
        <OneOf label="Steps are" value={nodes} options={NODES} onChange={(chosen) => onChange({ ...question, nodes: chosen, node: null })} />
        <OneOf label="Counted" value={per} options={PER} onChange={(chosen) => onChange({ ...question, per: chosen })} />
        <OneOf label="Direction" value={direction} options={DIRECTIONS} onChange={(chosen) => onChange({ ...question, direction: chosen })} />
        <KnownValue
          key={nodes}
          label={direction === "from" ? "Beginning at" : "Ending at"}
          description={direction === "from" ? "Empty: where journeys begin" : "Empty: where journeys end"}
          field={NODE_FIELDS[nodes]}
          value={question.node ?? ""}
          onChange={(node) => onChange({ ...question, node: node || null })}
        />
        <WholeNumber label="Steps" value={question.steps ?? 5} from={2} to={10} onChange={(steps) => onChange({ ...question, steps })} />
        <WholeNumber label="Nodes of a step" value={question.top ?? 8} from={1} to={50} onChange={(top) => onChange({ ...question, top })} />
        {per !== "session" && <Typed label="New journey after" description="A pause, such as 30m" value={question.gap ?? "30m"} onChange={(gap) => onChange({ ...question, gap })} />}
        <OneOf label="The same again at once" value={question.merge_repeats === false ? "no" : "yes"} options={REPEATS} onChange={(chosen) => onChange({ ...question, merge_repeats: chosen === "yes" })} />
      </div>
      <Typed
        label="Nodes that are one"
        description="Such as /product/*=a product; several with ; between"
        value={rules.map(({ match, label }) => (label ? `${match}=${label}` : match)).join("; ")}
        onChange={(text) => onChange({ ...question, rules: rulesIn(text) })}
      />
      {nodes === "events" && (
        <>
          <p className={css.part}>Only these events are steps</p>
          <EventChoice label="Events that are steps" value={question.events ?? {}} names={offered.names} fields={offered.fields} onChange={(events) => onChange({ ...question, events })} />
        </>
      )}
    </>
  );
}

function rulesIn(text: string): PathQuestion["rules"] & {} {
  return text.split(";").flatMap((part) => {
    const [match = "", ...label] = part.trim().split("=");
    return match ? [{ match: match.trim(), label: label.join("=").trim() }] : [];
  });
}
