import { useLocalStorage } from "@mantine/hooks";

export const HISTORY_MAX = 50;
/** Longer statements are not kept: storage is small and shared by all pages. */
export const KEPT_CHARS_MAX = 20_000;

/** A statement that was run in this browser, and when (milliseconds since 1970). */
export type Past = { readonly sql: string; readonly at: number };

function isPast(value: unknown): value is Past {
  if (typeof value !== "object" || value === null) return false;
  return "sql" in value && typeof value.sql === "string" && "at" in value && typeof value.at === "number";
}

/** What storage holds; anything else in it, by another version or by hand, is no history. */
export function parseHistory(text: string | undefined): readonly Past[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isPast).slice(0, HISTORY_MAX) : [];
  } catch {
    return [];
  }
}

/** Newest first, each statement once. */
export function remembered(history: readonly Past[], past: Past): readonly Past[] {
  if (past.sql.length > KEPT_CHARS_MAX) return history;
  return [past, ...history.filter(({ sql }) => sql !== past.sql)].slice(0, HISTORY_MAX);
}

type History = {
  readonly history: readonly Past[];
  readonly remember: (sql: string) => void;
  readonly forget: () => void;
};

/** Statements of this browser; they never leave it. */
export function useHistory(): History {
  const [history, setHistory] = useLocalStorage<readonly Past[]>({
    key: "footfall:sql-history",
    defaultValue: [],
    deserialize: parseHistory,
    getInitialValueInEffect: false,
  });
  return {
    history,
    remember: (sql) => setHistory((former) => remembered(former, { sql, at: Date.now() })),
    forget: () => setHistory([]),
  };
}
