import { useQuery } from "@tanstack/react-query";
import type { Arrivals, LiveSnapshot } from "../../../api/generated";
import { readFailures } from "../api";

/** Nothing polls faster. */
const MORE_MS = 5_000;
/** As many failed as before: some may have left the half hour. */
const SAME_MS = 60_000;
const NOTHING: Arrivals = { failures: [], write_ids: [] };

/** What failed in the last 30 minutes; asked for when the ledger says that something did. */
export function useFailures(snapshot: LiveSnapshot): Arrivals {
  const failed = (snapshot.totals.failed ?? 0) + (snapshot.totals.undecodable ?? 0);
  const query = useQuery({
    queryKey: ["failures"],
    queryFn: async ({ signal }) => ({ arrivals: await readFailures(signal), failed }),
    enabled: failed > 0,
    refetchInterval: ({ state }) => (state.data?.failed === failed ? SAME_MS : MORE_MS),
  });
  return query.data?.arrivals ?? NOTHING;
}
