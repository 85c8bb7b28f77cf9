import type { ColumnChange, CrawlReport, TableChange } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { formatExact } from "../../../format/format";
import css from "./Report.module.css";

const FAULTS_SHOWN = 20;

/** What one run found: tables, columns that are not as they were, and what could not be read. */
export function Report({ report }: { readonly report: CrawlReport }) {
  const { tables, columns, faults, notes } = report;
  return (
    <>
      {tables.length > 0 && (
        <div className={css.wide}>
          <table className={css.table} aria-label="Tables">
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col">Rows</th>
                <th scope="col">Files</th>
                <th scope="col">New or changed</th>
                <th scope="col">Gone</th>
                <th scope="col">New partitions</th>
              </tr>
            </thead>
            <tbody>
              {tables.map((one) => (
                <TableRow key={one.name} change={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {columns.length + (notes?.length ?? 0) > 0 && (
        <ul className={css.lines} aria-label="What changed">
          {columns.map((one) => (
            <li key={`${one.table}.${one.column}.${one.was}`} className={one.is_conflict ? css.conflict : ""}>
              <LongText text={sentence(one)} />
            </li>
          ))}
          {notes?.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {report.faults_count > 0 && (
        <details className={css.faults}>
          <summary>
            {formatExact(report.faults_count)} {report.faults_count === 1 ? "fault" : "faults"} in files; the rest of them is read
          </summary>
          <ul className={css.lines} aria-label="Faults">
            {faults.slice(0, FAULTS_SHOWN).map((fault) => (
              <li key={`${fault.file}:${fault.line}:${fault.reason}`}>
                <LongText text={`${fault.file}${fault.line ? `, line ${formatExact(fault.line)}` : ""}: ${fault.reason}`} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function TableRow({ change }: { readonly change: TableChange }) {
  const { partitions_new: partitions } = change;
  return (
    <tr>
      <th scope="row">
        {change.name}
        {change.is_new && <span className={css.new}> new</span>}
      </th>
      <td className="number">{formatExact(change.rows)}</td>
      <td className="number">{formatExact(change.files)}</td>
      <td className="number">{formatExact(change.files_new)}</td>
      <td className="number">{formatExact(change.files_gone)}</td>
      <td>{partitions.length > 3 ? `${partitions.slice(0, 3).join(", ")} and ${formatExact(partitions.length - 3)} more` : partitions.join(", ") || "none"}</td>
    </tr>
  );
}

/** As `footfall crawl report` says it. */
function sentence({ table, column, was, type, file, is_conflict: isConflict }: ColumnChange): string {
  const name = `${table}.${column}`;
  if (was === "") return `New column ${name}: ${type === "" ? "nothing but nulls so far" : type}, first in ${file}`;
  if (isConflict) return `Conflict: ${name} is text now, ${was} and something else met in ${file}`;
  return `${name}: ${was} became ${type}, by ${file}`;
}
