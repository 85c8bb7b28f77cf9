import { expect, test } from "vitest";
import { visitorAddress } from "./MemberList";

test.each([
  ["shop/v-1", "", "shop", "v-1"],
  ["shop/a/b", "", "shop", "a/b"],
  ["a/b", "shop", "shop", "a/b"],
  ["v-1", "shop", "shop", "v-1"],
])("%s of the app '%s' opens the visitor", (id, app, of, visitor) => {
  const query = new URLSearchParams(visitorAddress(id, app).split("?")[1]);
  expect([query.get("of"), query.get("visitor"), query.get("f")]).toEqual([of, visitor, `visitor_id:is:${visitor}`]);
});

test("of an id without its app the sessions are listed", () => {
  expect(visitorAddress("v-1", "")).toBe("/sessions?last=90d&who=all&f=visitor_id%3Ais%3Av-1");
});
