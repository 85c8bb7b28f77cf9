import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import type { ListedSegment } from "../../api/generated";
import { refreshSegment } from "./api";

const KEY = ["segment size"];
const WAIT_MS = 10_000;

/** Notes how large a segment is, also when the page that asked for it is left meanwhile. */
export function useSizing() {
  const client = useQueryClient();
  return useMutation({ mutationKey: KEY, mutationFn: (name: string) => refreshSegment(name), onSettled: () => client.invalidateQueries({ queryKey: ["segments"] }) });
}

/** Names of the segments that are being counted. */
export function useSized(): readonly unknown[] {
  return useMutationState({ filters: { mutationKey: KEY, status: "pending" }, select: ({ state }) => state.variables });
}

type Sized = Pick<ListedSegment, "segment" | "sizes">;

/** When to look again: soon, while the schedule has still to count one that it has not counted as it is now. */
export function whenSized(listed: readonly Sized[] | undefined): number | false {
  return listed?.some(({ segment, sizes }) => segment.every !== "off" && !segment.problem && sizes.at(-1)?.version !== segment.version) ? WAIT_MS : false;
}
