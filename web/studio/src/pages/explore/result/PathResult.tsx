import { useCallback, useMemo } from "react";
import type { PathAnswer, PathQuestion } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Size } from "../../../charts/draw/fit";
import { type Flow, flowsOf, sankey } from "../../../charts/draw/sankey";
import type { Palette } from "../../../charts/palette";
import { has } from "../../../api/client";
import { formatExact } from "../../../format/format";
import { inGroup } from "./groups";
import css from "./Result.module.css";
import { nodeText, ofGroup, type Opening } from "./sheet";

type Props = {
  readonly answer: PathAnswer;
  readonly question: PathQuestion;
  /** Whose ways are drawn; "" is everybody's. */
  readonly group: string;
  readonly onOpen: (opening: Opening) => void;
};

/** The ways as bands: as wide as how many went there; both nodes and bands open. */
export function PathResult({ answer, question, group, onOpen }: Props) {
  const isBack = question.direction === "to";
  const nodes = useMemo(() => inGroup(answer.nodes, group), [answer, group]);
  const ways = useMemo(() => inGroup(answer.rows, group), [answer, group]);
  const flow = useMemo<Flow>(
    () =>
      flowsOf(
        nodes.map(({ step, label, count, cell }) => ({ step, label: nodeText(label), count, cell })),
        ways.filter(({ is_end }) => !is_end).map(({ step, label, next_label, count, cell }) => ({ step, from: nodeText(label), to: nodeText(next_label), count, cell })),
        isBack,
      ),
    [nodes, ways, isBack],
  );
  const option = useCallback((palette: Palette, size: Size) => sankey(flow, palette, size), [flow]);
  const [first] = nodes;
  const whose = first ? ofGroup(answer.by, first) : "";
  const pick = useCallback(
    (part: unknown) => {
      if (has(part, "cell", "count", "title") && typeof part.cell === "string" && typeof part.count === "number") {
        onOpen({ cell: part.cell, count: part.count, title: `${String(part.title)}${whose}` });
      }
    },
    [onOpen, whose],
  );
  const ends = ways.filter(({ is_end, step }) => is_end && step === 1);
  const ended = ends.reduce((sum, { count }) => sum + count, 0);
  const said = nodes
    .slice(0, 5)
    .map(({ step, label, count }) => `${nodeText(label)} at step ${step}: ${count}`)
    .join(", ");
  if (!first) return <p className={css.note}>Nobody of this group was there.</p>;
  if (flow.links.length === 0) return <p className={css.note}>Every journey has one step only; there are no ways to draw. The table has the steps.</p>;
  return (
    <>
      <Chart height={420} summary={`Ways of people: ${said}`} option={option} onPick={pick} />
      <p className={css.note}>
        Click a node or a band to see who. {formatExact(ended)} {isBack ? "began" : "ended"} at the first step; the table has every way and end.
      </p>
    </>
  );
}
