import { duckdb, formatDialect } from "sql-formatter";

/** The statement with a line for each part; nothing else of it changes, so letters stay as they were written. */
export function formatted(sql: string): string {
  return formatDialect(sql, { dialect: duckdb, tabWidth: 2, expressionWidth: 80, keywordCase: "upper", paramTypes: { named: [":", "$"], positional: true } });
}
