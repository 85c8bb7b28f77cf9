import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { SegmentRule } from "../../../api/generated";
import { ADDS, LIST, PART } from "../../../components/removed";
import { OneOf } from "../../explore/builder/Choices";
import { ListTools, moved, replaced } from "../../explore/builder/EventChoice";
import css from "../Segments.module.css";
import { RuleLeaf } from "./RuleLeaf";
import { formOf, groupOf, type Offered, ruleOf, WORDS } from "./rules";

const DEPTH_MAX = 5;

type Props = { readonly rule: SegmentRule; readonly depth: number; readonly offered: Offered; readonly onChange: (rule: SegmentRule) => void };

/** Rules of which all, any or none hold; groups within groups. */
export function RuleGroup({ rule, depth, offered, onChange }: Props) {
  const { word, parts } = groupOf(rule);
  const change = (changed: readonly SegmentRule[]) => onChange({ [word]: changed });
  return (
    <fieldset className={css.group} {...LIST} aria-label={depth === 1 ? "Rules" : "Group of rules"}>
      <OneOf label={depth === 1 ? "Who is in it" : "Group"} value={word} options={WORDS} onChange={(next) => onChange({ [next]: parts })} />
      {parts.map((part, at) => {
        const tools = (
          <ListTools name={`rule ${at + 1}`} at={at} count={parts.length} least={1} onMove={(to) => change(moved(parts, at, to))} onRemove={() => change(parts.filter((_, place) => place !== at))} />
        );
        const set = (next: SegmentRule) => change(replaced(parts, at, next));
        // Its place is its name.
        const key = at;
        return formOf(part) === "group" ? (
          <div key={key} className={css.stack} {...PART}>
            {tools}
            <RuleGroup rule={part} depth={depth + 1} offered={offered} onChange={set} />
          </div>
        ) : (
          <RuleLeaf key={key} number={at + 1} rule={part} offered={offered} tools={tools} onChange={set} />
        );
      })}
      <div className={css.row}>
        <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...parts, ruleOf("did", offered)])}>
          Add a rule
        </Button>
        {depth < DEPTH_MAX - 1 && (
          <Button variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...parts, ruleOf("group", offered)])}>
            Add a group
          </Button>
        )}
      </div>
    </fieldset>
  );
}
