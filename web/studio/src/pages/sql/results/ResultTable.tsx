import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { SqlAnswerShape, SqlColumn } from "../../../api/generated";
import type { Cell } from "../api";
import css from "./ResultTable.module.css";
import { isNumeric, nextOrder, type Order, shownText, sorted, widths } from "./values";

const ROW_PX = 28;
const OVERSCAN = 12;
/** Of a figure in the table's type, with some to spare: a number is never cut. */
const CHAR_PX = 9;
const PADDING_PX = 24;
/** Up to so many columns are all in the page. */
const COLUMNS_ALL_MAX = 30;
const COLUMNS_OVERSCAN = 3;
const LONG = 40;

/** All of an answer; only what is in sight is in the page, so a hundred thousand rows or hundreds of columns are as quick as ten. */
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
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => place.current,
    estimateSize: (at) => (wide[at] ?? 0) * CHAR_PX + PADDING_PX,
    overscan: columns.length > COLUMNS_ALL_MAX ? COLUMNS_OVERSCAN : columns.length,
    initialRect: { width: 800, height: 480 },
  });
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const parts = across.getVirtualItems().flatMap(({ index, size }) => {
    const column = columns[index];
    return column ? [{ at: index, column, size }] : [];
  });
  const left = across.getVirtualItems()[0]?.start ?? 0;
  const right = across.getTotalSize() - (across.getVirtualItems().at(-1)?.end ?? 0);
  const span = parts.length + Number(left > 0) + Number(right > 0);
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} ref={place} tabIndex={0} role="region" aria-label="Rows of the answer">
      <table
        className={css.table}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        style={{ width: across.getTotalSize() }}
      >
        <colgroup>
          {left > 0 && <col style={{ width: left }} />}
          {parts.map(({ at, size }) => (
            <col key={at} style={{ width: size }} />
          ))}
          {right > 0 && <col style={{ width: right }} />}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {left > 0 && <td aria-hidden className={css.beside} />}
            {parts.map(({ at, column }) => (
              <Head key={at} column={column} at={at} order={order?.column === at ? order : null} onSort={() => setOrder(nextOrder(order, at))} />
            ))}
            {right > 0 && <td aria-hidden className={css.beside} />}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} span={span} />}
          {shown.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2} style={{ height: ROW_PX }}>
              {left > 0 && <td aria-hidden />}
              {parts.map(({ at, column }) => (
                <Value key={at} at={at} value={rows[index]?.[at] ?? null} isNumber={isNumeric(column)} />
              ))}
              {right > 0 && <td aria-hidden />}
            </tr>
          ))}
          {below > 0 && <Space height={below} span={span} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for rows out of sight, so that the scroll bar is true. */
function Space({ height, span }: { readonly height: number; readonly span: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- it is hidden */}
      <td className={css.space} colSpan={span} />
    </tr>
  );
}

type HeadProps = { readonly column: SqlColumn; readonly at: number; readonly order: Order | null; readonly onSort: () => void };

function Head({ column, at, order, onSort }: HeadProps) {
  const Arrow = order?.isDescending ? IconArrowDown : IconArrowUp;
  const direction = order?.isDescending ? "descending" : "ascending";
  return (
    <th scope="col" aria-colindex={at + 1} className={isNumeric(column) ? css.number : undefined} aria-sort={order ? direction : undefined}>
      <button type="button" className={css.head} title={`${column.name}: ${column.type}`} onClick={onSort}>
        <bdi className={css.name}>{column.name}</bdi>
        {order && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  );
}

function Value({ value, at, isNumber }: { readonly value: Cell; readonly at: number; readonly isNumber: boolean }) {
  const text = shownText(value);
  if (text === null) {
    return (
      <td aria-colindex={at + 1} className={css.null}>
        null
      </td>
    );
  }
  return (
    <td aria-colindex={at + 1} className={isNumber ? css.number : undefined} title={text.length > LONG ? text : undefined}>
      <bdi>{text}</bdi>
    </td>
  );
}
