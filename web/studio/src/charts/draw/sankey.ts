import type { EChartsCoreOption } from "echarts/core";
import { slotsOf } from "../colours";
import { exactNumber } from "../data";
import type { Palette } from "../palette";
import { tooltipLook } from "../tooltip";
import type { Size } from "./fit";
import { textLook } from "./look";

type Node = { readonly name: string; readonly label: string; readonly depth: number; readonly cell: string; readonly count: number; readonly title: string };
type Link = { readonly source: string; readonly target: string; readonly value: number; readonly cell: string; readonly count: number; readonly title: string };

/** Nodes of steps and what leads from one to another. */
export type Flow = { readonly nodes: readonly Node[]; readonly links: readonly Link[] };

type StepNode = { readonly step: number; readonly label: string; readonly count: number; readonly cell: string };
type StepWay = { readonly step: number; readonly from: string; readonly to: string; readonly count: number; readonly cell: string };

function nameOf(step: number, label: string): string {
  return `${step} ${label}`;
}

/** The same node at two steps is two; where steps count back from the end, bands still run to the right. */
export function flowsOf(nodes: readonly StepNode[], ways: readonly StepWay[], isBack: boolean): Flow {
  const last = Math.max(1, ...nodes.map(({ step }) => step));
  const links = ways
    .filter(({ count }) => count > 0)
    .map(({ step, from, to, count, cell }) => {
      const [here, there] = [nameOf(step, from), nameOf(step + 1, to)];
      const [left, right] = isBack ? [to, from] : [from, to];
      return { source: isBack ? there : here, target: isBack ? here : there, value: count, count, cell, title: `${left} → ${right}` };
    });
  const linked = new Set(links.flatMap(({ source, target }) => [source, target]));
  const shown = nodes
    .filter(({ step, label }) => linked.has(nameOf(step, label)))
    .map(({ step, label, count, cell }) => ({
      name: nameOf(step, label),
      label,
      depth: isBack ? last - step : step - 1,
      cell,
      count,
      title: `${label}, step ${step}`,
    }));
  return { nodes: shown, links };
}

type Shown = { readonly data: { readonly title: string; readonly count: number } };

const NODE = 12;
const WORD_MAX = 130;
const GAP = 10;

/** Pixels that the words beside each step have: what the steps leave them, of which the last step's are beyond the bands. */
export function wordFit(steps: number, { width }: Size): number {
  return Math.round(Math.max(0, Math.min(WORD_MAX, width / Math.max(1, steps) - NODE - GAP)));
}

export function sankey(flow: Flow, palette: Palette, size: Size): EChartsCoreOption {
  const slots = slotsOf([...new Set(flow.nodes.map(({ label }) => label))]);
  const word = wordFit(Math.max(...flow.nodes.map(({ depth }) => depth)) + 1, size);
  return {
    tooltip: { ...tooltipLook(palette), trigger: "item", formatter: ({ data }: Shown) => `${data.title}\n${exactNumber(data.count)}` },
    series: [
      {
        type: "sankey",
        left: 4,
        right: word + GAP,
        top: 8,
        bottom: 8,
        nodeWidth: NODE,
        nodeGap: 12,
        draggable: false,
        emphasis: { focus: "adjacency" },
        data: flow.nodes.map((node) => ({
          ...node,
          itemStyle: { color: palette.series[slots.get(node.label) ?? 0], borderWidth: 0 },
          label: { ...textLook(palette), position: "right", width: word, overflow: "truncate", formatter: node.label.replaceAll(/[{}]/g, "") },
        })),
        links: flow.links,
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
      },
    ],
  };
}
