import { has, read } from "../../../api/client";
import type { Crawl, CrawlReport, Crawls } from "../../../api/generated";

function isCrawls(value: unknown): value is Crawls {
  return has(value, "crawls") && Array.isArray(value.crawls);
}

function isCrawl(value: unknown): value is Crawl {
  return has(value, "name", "place", "every_us");
}

function isReport(value: unknown): value is CrawlReport {
  return has(value, "started_at", "files", "tables", "faults");
}

export function readCrawls(signal?: AbortSignal): Promise<Crawls> {
  return read("/api/catalog/crawls", isCrawls, { signal });
}

export function runCrawl(name: string): Promise<CrawlReport> {
  return read(`/api/catalog/crawls/${encodeURIComponent(name)}/run`, isReport, { method: "POST" });
}

export function scheduleCrawl(name: string, seconds: number): Promise<Crawl> {
  const body = { every_seconds: seconds };
  return read(`/api/catalog/crawls/${encodeURIComponent(name)}/schedule`, isCrawl, { method: "PUT", body });
}
