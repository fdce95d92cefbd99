import { expect, test } from "vitest";
import { argumentsOf, type Schema, valuesOf } from "../src/tools/schema";

const SCHEMA: Schema = {
  type: "object",
  required: ["room", "level"],
  properties: {
    room: { type: "string", description: "Which room." },
    level: { type: "integer", minimum: 0, maximum: 100 },
    warm: { anyOf: [{ type: "boolean" }, { type: "null" }], default: null },
    mode: { enum: ["day", "night", 3] },
    names: { type: "array", items: { type: "string" } },
    extra: { type: "object" },
    zone: { type: ["string", "null"], default: "Asia/Shanghai" },
  },
};

test("each argument gets the control that fits it", () => {
  const found = argumentsOf(SCHEMA);
  expect(found.map(({ name, kind }) => [name, kind])).toEqual([
    ["room", "text"],
    ["level", "number"],
    ["warm", "flag"],
    ["mode", "choice"],
    ["names", "list"],
    ["extra", "json"],
    ["zone", "text"],
  ]);
  expect(found[0]).toMatchObject({ required: true, hint: "Which room." });
  expect(found[6]?.initial).toBe("Asia/Shanghai");
  expect(argumentsOf({})).toEqual([]);
});

test("what is written becomes arguments of the schema's types", () => {
  const written = {
    room: "Kitchen",
    level: " 40 ",
    warm: "false",
    mode: "3",
    names: "a\n\n b ",
    extra: '{"x": 1}',
  };
  expect(valuesOf(argumentsOf(SCHEMA), written)).toEqual({
    values: {
      room: "Kitchen",
      level: 40,
      warm: false,
      mode: 3,
      names: ["a", "b"],
      extra: { x: 1 },
      zone: "Asia/Shanghai",
    },
    wrong: {},
  });
});

test("what can't be taken is named", () => {
  const all = argumentsOf(SCHEMA);
  expect(valuesOf(all, { level: "loud", extra: "{" }).wrong).toEqual({
    room: "required",
    level: "number",
    extra: "json",
  });
  expect(valuesOf(all, { room: "x", level: "2.5" }).wrong).toEqual({ level: "number" });
  expect(valuesOf(all, { room: "x", level: "101" }).wrong).toEqual({ level: "range" });
  expect(valuesOf(all, { room: "x", level: "1", zone: "" }).values).toEqual({
    room: "x",
    level: 1,
  });
});
