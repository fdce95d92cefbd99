import { expect, test } from "vitest";
import { byLanguage, remark } from "../src/voices/groups";
import type { Voice } from "../src/voices/voices";

function voice(id: string, languages: string[], description = ""): Voice {
  return {
    id,
    name: id,
    languages,
    gender: null,
    description,
    engine: "",
    kind: "packaged",
    parts: {},
  };
}

test("the reader's language comes first, foreign timbres after its own voices", () => {
  const voices = [
    voice("a", ["en-US"]),
    voice("b", ["en"], "Spanish, male. A Spanish timbre that speaks English."),
    voice("c", ["en"], "Hindi, male. A Hindi timbre that speaks English."),
    voice("d", ["zh", "en"]),
  ];
  expect(byLanguage(voices, "en").map((group) => group.code)).toEqual(["en-US", "en", "zh"]);
  expect(byLanguage(voices, "zh").map((group) => group.code)).toEqual(["zh", "en-US", "en"]);
});

test("a description is shown without what stands beside it already", () => {
  expect(remark(voice("a", ["en-US"], "American English, female."))).toBe("");
  const accent = voice("b", ["en"], "Spanish, male. A Spanish timbre that speaks English.");
  expect(remark(accent)).toBe("A Spanish timbre that speaks English.");
});
