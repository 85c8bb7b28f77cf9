import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { SqlAnswerShape, SqlColumn } from "../../../api/generated";
import type { Cell } from "../api";
import css from "./ResultTable.module.css";
import { isNumeric, nextOrder, type Order, sorted, textOf, widths } from "./values";

const ROW_PX = 28;
const OVERSCAN = 12;
const LONG = 40;

/** All rows of an answer; only those in sight are in the page, so a hundred thousand are as quick as ten. */
export function ResultTable({ answer }: { readonly answer: SqlAnswerShape }) {
  const { columns } = answer;
  const [order, setOrder] = useState<Order | null>(null);
  const rows = useMemo(() => sorted(answer.rows, columns, order), [answer, columns, order]);
  const wide = useMemo(() => widths(columns, answer.rows), [columns, answer]);
  const place = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing of it is passed on
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    initialRect: { width: 800, height: 480 },
  });
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const total = wide.reduce((sum, chars) => sum + chars, 0);
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} ref={place} tabIndex={0} role="region" aria-label="Rows of the answer">
      <table
        className={css.table}
        aria-rowcount={rows.length + 1}
        style={{ width: `calc(${total}ch + ${columns.length * 24}px)` }}
      >
        <colgroup>
          {columns.map(({ name }, at) => (
            <col key={name} style={{ width: `calc(${wide[at]}ch + 24px)` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column, at) => (
              <Head key={column.name} column={column} order={order?.column === at ? order : null} onSort={() => setOrder(nextOrder(order, at))} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} />}
          {shown.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2} style={{ height: ROW_PX }}>
              {columns.map((column, at) => (
                <Value key={column.name} value={rows[index]?.[at] ?? null} isNumber={isNumeric(column)} />
              ))}
            </tr>
          ))}
          {below > 0 && <Space height={below} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for rows out of sight, so that the scroll bar is true. */
function Space({ height }: { readonly height: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- it is hidden */}
      <td className={css.space} />
    </tr>
  );
}

type HeadProps = { readonly column: SqlColumn; readonly order: Order | null; readonly onSort: () => void };

function Head({ column, order, onSort }: HeadProps) {
  const Arrow = order?.isDescending ? IconArrowDown : IconArrowUp;
  const direction = order?.isDescending ? "descending" : "ascending";
  return (
    <th scope="col" className={isNumeric(column) ? css.number : undefined} aria-sort={order ? direction : undefined}>
      <button type="button" className={css.head} title={`${column.name}: ${column.type}`} onClick={onSort}>
        <bdi className={css.name}>{column.name}</bdi>
        {order && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  );
}

function Value({ value, isNumber }: { readonly value: Cell; readonly isNumber: boolean }) {
  const text = textOf(value);
  if (text === null) return <td className={css.null}>null</td>;
  return (
    <td className={isNumber ? css.number : undefined} title={text.length > LONG ? text : undefined}>
      <bdi>{text}</bdi>
    </td>
  );
}
