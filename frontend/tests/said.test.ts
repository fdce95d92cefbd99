import { expect, test } from "vitest";
import { inChinese } from "../src/i18n/said";

test("known sentences of the server are shown in Chinese, others as they are", () => {
  expect(inChinese("Turns speech into text")).toBe("把语音变成文字");
  expect(inChinese("tiny.en for English, base for all else")).toBe(
    "英语用 tiny.en，其他语言用 base",
  );
  expect(inChinese("Needs the extra: pip install 'kaikou[vosk]'.")).toContain("kaikou[vosk]");
  expect(inChinese("qwen2.5-1.5b")).toBe("qwen2.5-1.5b");
});
