import { expect, test } from "vitest";
import { formatPlace, parsePlace } from "./place";

const place = { requestId: "0192f0c1-2c3d-7abc-8def-0123456789ab", requestIndex: 3, logOffset: 12 };

test("an address gives back its event", () => {
  expect(parsePlace(formatPlace(place))).toEqual(place);
});

test("anything else is no event", () => {
  for (const text of ["", "x.1.2", "../../etc.1.2", `${place.requestId}.1`, `${place.requestId}.-1.2`]) {
    expect(parsePlace(text)).toBeNull();
  }
});
