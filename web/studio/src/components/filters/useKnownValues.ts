import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Field } from "./filters";
import type { ValueSource } from "./values";

const TYPING_MS = 200;
const KEPT_MS = 60_000;

/** What the data has for a text that is being typed; nothing where it cannot be said, no column is chosen yet, or nobody looks. */
export function useKnownValues(field: Field, text: string, source: ValueSource | null, isLooking = true): string[] {
  const [typed] = useDebouncedValue(text.trim(), TYPING_MS);
  const { data } = useQuery({
    queryKey: ["known values", source?.name, field.name, typed],
    queryFn: async ({ signal }) => (source ? source.read(field, typed, signal) : []),
    enabled: isLooking && source !== null && field.name !== "" && field.kind === "text",
    staleTime: KEPT_MS,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return [...new Set(data)];
}
