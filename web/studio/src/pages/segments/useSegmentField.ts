import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Field } from "../../components/filters/filters";
import { listSegments } from "./api";

const KEPT_MS = 60_000;

/** The field that every filter has besides: whether they are in a segment; null where there is none. */
export function useSegmentField(): Field | null {
  const { data } = useQuery({ queryKey: ["segments"], queryFn: ({ signal }) => listSegments(signal), staleTime: KEPT_MS, retry: false });
  return useMemo(() => {
    const choices = (data?.segments ?? []).map(({ segment }) => ({ value: segment.name, label: segment.title }));
    return choices.length > 0 ? { name: "segment", label: "Segment", kind: "segment", choices } : null;
  }, [data]);
}
