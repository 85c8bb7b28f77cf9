import type { EventColumn, EventDetail } from "../../../api/generated";

/** What people look for, in the order they do; columns in no group come last. */
export const GROUPS: readonly { readonly title: string; readonly names: RegExp }[] = [
  { title: "What", names: /^(event_name|app_id|platform|value|currency|engagement_ms|search_term|link_|is_outbound|error_)/ },
  { title: "Where", names: /^(page_|screen_(name|id|class)|entrance|referrer_)/ },
  { title: "When", names: /^(event_time|received_at|created_at|sent_at|clock_offset_ms|is_late)/ },
  { title: "Who", names: /^(visitor_id|user_id|device_id|session_id|client_session|user_properties|is_bot|bot_)/ },
  { title: "From", names: /^(source|medium|campaign|term|content|click_id|channel)/ },
  { title: "With", names: /^(browser|os|device_|screen_|viewport_|language|time_zone|network|carrier|user_agent|app_|sdk_|install|geo_|ip$)/ },
  { title: "Properties", names: /^(properties|items)$/ },
];
const REST = "Record";

export type ColumnGroup = { readonly title: string; readonly columns: readonly EventColumn[] };

export function groupColumns(columns: readonly EventColumn[]): readonly ColumnGroup[] {
  const titleOf = (name: string) => GROUPS.find(({ names }) => names.test(name))?.title ?? REST;
  const titles = [...GROUPS.map(({ title }) => title), REST];
  return titles
    .map((title) => ({ title, columns: columns.filter(({ name }) => titleOf(name) === title) }))
    .filter((group) => group.columns.length > 0);
}

export function isEmpty(column: EventColumn): boolean {
  return column.value === null || (Array.isArray(column.value) && column.value.length === 0);
}

export function columnText(detail: EventDetail, name: string): string | null {
  const value = detail.columns?.find((column) => column.name === name)?.value;
  return value === null || value === undefined ? null : String(value);
}

/** JSON over several lines; other text as it is. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
