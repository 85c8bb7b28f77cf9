import { has, read } from "../../api/client";
import type { AlertBook, BackTest, ChannelTest, AlertChange, History } from "../../api/generated";

/** What a rule or a channel is told, as in settings. */
export type Options = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

function isBook(value: unknown): value is AlertBook {
  return has(value, "rules", "channels", "definitions") && Array.isArray(value.rules);
}

function isHistory(value: unknown): value is History {
  return has(value, "firings", "next") && Array.isArray(value.firings);
}

function isBackTest(value: unknown): value is BackTest {
  return has(value, "series", "firings", "fired") && Array.isArray(value.series);
}

function isDone(value: unknown): value is AlertChange {
  return has(value, "count", "until");
}

function isChannelTest(value: unknown): value is ChannelTest {
  return has(value, "taken", "problem");
}

export function readBook(signal?: AbortSignal): Promise<AlertBook> {
  return read("/api/alerts", isBook, { signal });
}

export function readHistory(rule: string, after: string, signal?: AbortSignal): Promise<History> {
  const query = new URLSearchParams({ rule, after, limit: "50" });
  return read(`/api/alerts/history?${query}`, isHistory, { signal });
}

/** When a rule would have fired; `options` are of one that is not there yet. */
export function backTest(name: string, over: string, options: Options | null, signal?: AbortSignal): Promise<BackTest> {
  return read("/api/alerts/test", isBackTest, { body: { name, over, options }, signal });
}

export function putRule(name: string, options: Options): Promise<AlertChange> {
  return read("/api/alerts/rules", isDone, { body: { name, options } });
}

/** Some options of a rule; the others stay, and what is null is as if it had never been said. */
export function changeRule(name: string, options: Options): Promise<AlertChange> {
  return read("/api/alerts/rules/change", isDone, { body: { name, options } });
}

export function removeRule(name: string): Promise<AlertChange> {
  return read("/api/alerts/rules/remove", isDone, { body: { name } });
}

export function muteRule(name: string, duration: string): Promise<AlertChange> {
  return read("/api/alerts/rules/mute", isDone, { body: { name, duration } });
}

export function putChannel(name: string, options: Options): Promise<AlertChange> {
  return read("/api/alerts/channels", isDone, { body: { name, options } });
}

export function removeChannel(name: string): Promise<AlertChange> {
  return read("/api/alerts/channels/remove", isDone, { body: { name } });
}

export function testChannel(name: string): Promise<ChannelTest> {
  return read("/api/alerts/channels/test", isChannelTest, { body: { name } });
}

/** Notices that were given up, to be tried as if they were new. */
export function sendAgain(): Promise<AlertChange> {
  return read("/api/alerts/history/retry", isDone, { method: "POST" });
}

export function acknowledge(ids: readonly string[]): Promise<AlertChange> {
  return read("/api/alerts/history/acknowledge", isDone, { body: { delivery_ids: ids, by: "studio" } });
}
