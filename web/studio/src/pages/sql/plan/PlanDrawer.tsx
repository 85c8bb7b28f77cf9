import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { Snippet } from "../../../components/Snippet";
import { runSql } from "../api";
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
  const [plan] = query.data?.answer.rows ?? [];
  return (
    <SideDrawer isOpen title="How it is answered" closing="Close the plan" size={880} onClose={onClose}>
      <div className={css.plan}>
        <SegmentedControl size="xs" aria-label="What is shown" data={KINDS} value={kind} onChange={setKind} />
        <p className={css.note}>
          {kind === "EXPLAIN" ? "Steps from bottom to top; nothing is read. Measured runs the statement." : "The statement ran: rows of each step, files and bytes that were read, and times."}
        </p>
        {query.error && <Failure title="There is no plan" error={query.error} retry={() => void query.refetch()} level={3} />}
        {!query.error && query.isFetching && (
          <Loading slow="Still running; close it to end the statement.">
            <Skeleton height={320} />
          </Loading>
        )}
        {!query.isFetching && plan && <Snippet label="the plan" text={String(plan.at(-1) ?? "")} />}
      </div>
    </SideDrawer>
  );
}
