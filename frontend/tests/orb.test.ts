import { expect, test } from "vitest";
import { follow, pause } from "../src/call/orb-pace";

test("the orb is painted often only while something moves it", () => {
  expect(pause("speaking", 0.3, false)).toBeLessThan(33);
  expect(pause("thinking", 0, false)).toBeLessThan(33);
  expect(pause("listening", 0, false)).toBeGreaterThan(60);
  expect(pause("thinking", 0.3, true)).toBeGreaterThan(100);
});

test("it follows the voices alike, however often it is painted", () => {
  let often = 0;
  for (let frame = 0; frame < 4; frame++) often = follow(often, 1, 1000 / 60);
  expect(follow(0, 1, 4000 / 60)).toBeCloseTo(often);
  expect(follow(0, 1, 50)).toBeGreaterThan(1 - follow(1, 0, 50));
  expect(follow(0.5, 0.5, 1e6)).toBe(0.5);
});
