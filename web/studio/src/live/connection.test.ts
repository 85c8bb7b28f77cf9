import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { snapshot } from "../testing/builders";
import { follow } from "./connection";
import type { LiveChange } from "./state";

class FakeSource extends EventTarget {
  static readonly opened: FakeSource[] = [];
  isClosed = false;

  constructor(readonly url: string) {
    super();
    FakeSource.opened.push(this);
  }

  close() {
    this.isClosed = true;
  }

  send(name: string, data = "{}") {
    this.dispatchEvent(new MessageEvent(name, { data }));
  }
}

const told: LiveChange[] = [];
let status = 200;
let stop = () => {};

function kinds(): readonly string[] {
  return told.map((change) => change.kind).filter((kind) => kind !== "tick");
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(snapshot()), { status }));
  FakeSource.opened.length = 0;
  told.length = 0;
  status = 200;
  stop = follow((change) => told.push(change));
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("snapshots are told, anything else on the stream is not", () => {
  const [source] = FakeSource.opened;
  source?.send("waiting");
  source?.send("snapshot", JSON.stringify(snapshot()));
  source?.send("snapshot", "{");
  source?.send("snapshot", '{"version": 3}');
  expect(kinds()).toEqual(["nothing_yet", "snapshot"]);
});

test("a lost stream is opened again, later each time, sooner after it worked", async () => {
  const lose = async (waitMs: number) => {
    FakeSource.opened.at(-1)?.send("error");
    const before = FakeSource.opened.length;
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(FakeSource.opened.length).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSource.opened.length).toBe(before + 1);
  };
  await lose(1_000);
  await lose(2_000);
  await lose(4_000);
  await lose(8_000);
  await lose(10_000);
  await lose(10_000);
  FakeSource.opened.at(-1)?.send("snapshot", JSON.stringify(snapshot()));
  await lose(1_000);
  expect(FakeSource.opened.slice(0, -1).every((source) => source.isClosed)).toBe(true);
});

test("signed out is told and not tried again", async () => {
  status = 401;
  FakeSource.opened[0]?.send("error");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(kinds()).toEqual(["lost", "signed_out"]);
  expect(FakeSource.opened).toHaveLength(1);
});

test("after the end nothing is opened", async () => {
  FakeSource.opened[0]?.send("error");
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSource.opened).toHaveLength(1);
});
