import { useState } from "react";
import type { EventColumn } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { Moment } from "../../../components/Moment";
import type { Clock } from "../../../format/format";
import css from "./ColumnList.module.css";
import { groupColumns, isEmpty, prettyJson } from "./columns";

type Props = { readonly columns: readonly EventColumn[]; readonly clock: Clock };

const JSON_COLUMNS = new Set(["properties", "user_properties", "items"]);

/** Every column, in groups; those without a value on request. */
export function ColumnList({ columns, clock }: Props) {
  const [showsEmpty, setShowsEmpty] = useState(false);
  const shown = showsEmpty ? columns : columns.filter((column) => !isEmpty(column));
  const empty = columns.filter(isEmpty).length;
  return (
    <>
      {groupColumns(shown).map(({ title, columns: group }) => (
        <section key={title} className={css.group} aria-label={title}>
          <h3 className={css.title}>{title}</h3>
          <dl className={css.list}>
            {group.map((column) => (
              <div key={column.name} className={css.row}>
                <dt className={css.name} title={column.type}>
                  {column.name}
                </dt>
                <dd className={css.value}>
                  <Value column={column} clock={clock} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      {empty > 0 && (
        <button type="button" className={css.toggle} aria-expanded={showsEmpty} onClick={() => setShowsEmpty(!showsEmpty)}>
          {showsEmpty ? "Hide columns without a value" : `Show ${empty} columns without a value`}
        </button>
      )}
    </>
  );
}

function Value({ column, clock }: { readonly column: EventColumn; readonly clock: Clock }) {
  const { name, type, value } = column;
  if (isEmpty(column)) return <span className={css.empty}>none</span>;
  if (typeof value === "string" && JSON_COLUMNS.has(name)) return <pre className={css.json} dir="auto">{prettyJson(value)}</pre>;
  if (typeof value === "string" && type.startsWith("TIMESTAMP")) return <Moment text={value} clock={clock} />;
  const text = Array.isArray(value) ? value.join(", ") : String(value);
  return typeof value === "number" ? <span className="number">{text}</span> : <LongText text={text} />;
}
