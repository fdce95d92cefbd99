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

test("a provider that fails is told of in Chinese, with what to do", () => {
  const refused =
    "OpenAI-compatible server at 127.0.0.1:9 did not accept the key. " +
    "Check the key, or the api_key setting of that engine (such as KAIKOU_LLM__API_KEY).";
  expect(inChinese(refused)).toBe(
    "127.0.0.1:9 的服务器不接受这个密钥。请检查密钥，或这个引擎的 api_key 设置（例如 KAIKOU_LLM__API_KEY）。",
  );
  const away =
    "DeepSeek cannot be reached. Check the address, that the server runs, and the network.";
  expect(inChinese(away)).toBe("连不上 DeepSeek。请检查地址、服务器是否在运行，以及网络。");
  expect(inChinese("1 connected, 1 tool.")).toBe("已连接 1 个，共 1 个工具。");
});
