import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact } from "../../../format/format";
import { type Cell, runSql } from "../api";
import css from "./PlanDrawer.module.css";

type Props = { readonly sql: string; readonly onClose: () => void };

const KINDS = [
  { value: "EXPLAIN", label: "Plan" },
  { value: "EXPLAIN ANALYZE", label: "Measured" },
];

/** How the engine answers a statement; measured, with what each step read and how long it took. */
export default function PlanDrawer({ sql, onClose }: Props) {
  const [kind, setKind] = useState("EXPLAIN");
  const query = useQuery({
    queryKey: ["sql", "plan", kind, sql],
    queryFn: ({ signal }) => runSql(`${kind} ${sql}`, signal),
    retry: false,
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <SideDrawer isOpen title="How it is answered" closing="Close the plan" size={880} onClose={onClose}>
      <div>
        <SegmentedControl size="xs" aria-label="What is shown" data={KINDS} value={kind} onChange={setKind} />
        <p className={css.note}>
          {kind === "EXPLAIN" ? "A step takes its rows from those below it; nothing is read, rows are estimates. Measured runs the statement." : "The statement ran: what was read, and rows and milliseconds of each step."}
        </p>
        {query.error && <Failure title="There is no plan" error={query.error} retry={() => void query.refetch()} level={3} />}
        {!query.error && query.isFetching && (
          <Loading slow="Still running; close it to end the statement.">
            <Skeleton height={320} />
          </Loading>
        )}
        {!query.error && !query.isFetching && query.data && <Steps rows={query.data.answer.rows} />}
      </div>
    </SideDrawer>
  );
}

const MS = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** Step, rows, milliseconds, detail; a step stands further in than the one that it works for. */
function Steps({ rows }: { readonly rows: readonly (readonly Cell[])[] }) {
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label="Steps of the plan">
      <table className={css.steps}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" className={css.figure}>
              Rows
            </th>
            <th scope="col" className={css.figure}>
              ms
            </th>
            <th scope="col">Detail</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([step, count, took, detail], place) => (
            // A plan is new with each answer; its steps have no names of their own.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={place}>
              <th scope="row">{String(step ?? "")}</th>
              <td className={css.figure}>{typeof count === "number" ? formatExact(count) : ""}</td>
              <td className={css.figure}>{typeof took === "number" ? MS.format(took) : ""}</td>
              <td className={css.detail} title={String(detail ?? "")}>
                {String(detail ?? "")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
