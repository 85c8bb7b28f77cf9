import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";
import type { Apps } from "../../api/generated";
import { RangePicker } from "../range/RangePicker";
import { type Range, SPAN_PRESETS } from "../range/range";
import { AppChoice } from "./AppChoice";
import { CompareChoice } from "./CompareChoice";
import css from "./SceneBar.module.css";
import { type Compare, type Granularity, isGranularity, UNITS } from "./scene";

type Props = {
  readonly title: string;
  /** Before and after the title. */
  readonly lead?: ReactNode;
  readonly mark?: ReactNode;
  readonly apps: Apps | null;
  readonly app: string;
  /** Left out where the app is not to be chosen. */
  readonly onApp?: ((app: string) => void) | undefined;
  readonly range: Range;
  readonly onRange: (range: Range) => void;
  /** The app's: whose days are meant. */
  readonly zone: string;
  /** Left out where nothing is drawn over time. */
  readonly granularity?: Granularity;
  readonly onGranularity?: (unit: Granularity) => void;
  /** Left out where nothing can be compared. */
  readonly compare?: Compare;
  readonly onCompare?: (compare: Compare) => void;
  /** What only this page has. */
  readonly children?: ReactNode;
};

/** What a page is about: whose numbers, when, how finely, and beside what. */
export function SceneBar({ title, lead, mark, apps, app, onApp, range, onRange, zone, granularity, onGranularity, compare, onCompare, children }: Props) {
  return (
    <div className={css.head}>
      <div className={css.name}>
        {lead}
        <h1 className={css.title}>{title}</h1>
        {mark}
      </div>
      <div className={css.choices}>
        {children}
        {onApp && <AppChoice apps={apps} app={app} onChange={onApp} />}
        {granularity && onGranularity && (
          <NativeSelect
            size="xs"
            aria-label="Granularity"
            value={granularity}
            onChange={(change) => {
              const { value } = change.currentTarget;
              if (isGranularity(value)) onGranularity(value);
            }}
            data={Object.entries(UNITS).map(([value, label]) => ({ value, label }))}
          />
        )}
        <RangePicker range={range} onChange={onRange} zone={zone} presets={SPAN_PRESETS} />
        {compare && onCompare && <CompareChoice compare={compare} onCompare={onCompare} />}
      </div>
    </div>
  );
}
