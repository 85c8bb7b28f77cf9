import { useCallback, useMemo } from "react";
import type { PathAnswer, PathQuestion } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import { type Flow, flowsOf, sankey } from "../../../charts/draw/sankey";
import type { Palette } from "../../../charts/palette";
import { has } from "../../../api/client";
import { formatExact } from "../../../format/format";
import css from "./Result.module.css";
import { nodeText, type Opening } from "./sheet";

type Props = { readonly answer: PathAnswer; readonly question: PathQuestion; readonly onOpen: (opening: Opening) => void };

/** The ways as bands: as wide as how many went there; both nodes and bands open. */
export function PathResult({ answer, question, onOpen }: Props) {
  const isBack = question.direction === "to";
  const flow = useMemo<Flow>(
    () =>
      flowsOf(
        answer.nodes.map(({ step, label, count, cell }) => ({ step, label: nodeText(label), count, cell })),
        answer.rows.filter(({ is_end }) => !is_end).map(({ step, label, next_label, count, cell }) => ({ step, from: nodeText(label), to: nodeText(next_label), count, cell })),
        isBack,
      ),
    [answer, isBack],
  );
  const option = useCallback((palette: Palette) => sankey(flow, palette), [flow]);
  const pick = useCallback(
    (part: unknown) => {
      if (has(part, "cell", "count", "title") && typeof part.cell === "string" && typeof part.count === "number") {
        onOpen({ cell: part.cell, count: part.count, title: String(part.title) });
      }
    },
    [onOpen],
  );
  const ends = answer.rows.filter(({ is_end, step }) => is_end && step === 1);
  const ended = ends.reduce((sum, { count }) => sum + count, 0);
  const said = answer.nodes
    .slice(0, 5)
    .map(({ step, label, count }) => `${nodeText(label)} at step ${step}: ${count}`)
    .join(", ");
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
