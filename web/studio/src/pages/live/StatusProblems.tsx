import { useQuery } from "@tanstack/react-query";
import { readStatus } from "../../api/client";
import css from "./LiveNotice.module.css";

const REFRESH_MS = 10_000;

/** What `footfall status` says that holds things up, one sentence each; nothing when it says nothing. */
export function StatusProblems() {
  const status = useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => readStatus(signal),
    refetchInterval: REFRESH_MS,
  });
  return status.data?.problems.map((problem) => (
    <p key={problem} className={css.notice}>
      {problem}
    </p>
  ));
}
