import { expect, test } from "vitest";
import { inChinese } from "../src/i18n/said";
import { keywords } from "../src/knowledge/keywords";
import type { Added } from "../src/knowledge/knowledge";
import { UploadQueue } from "../src/knowledge/uploads";
import { fileSize } from "../src/settings/sizes";

interface Sending {
  name: string;
  signal: AbortSignal;
  onProgress: (share: number) => void;
  done: () => void;
  fail: (error: Error) => void;
}

function line(atOnce = 2) {
  const sent: Sending[] = [];
  const queue = new UploadQueue(
    (_, file, options) =>
      new Promise((resolve, reject) =>
        sent.push({
          name: file.name,
          ...options,
          done: () => resolve({ file_name: file.name } as Added),
          fail: reject,
        }),
      ),
    atOnce,
  );
  const arrived: string[] = [];
  queue.onDone = ({ file_name }) => arrived.push(file_name);
  const files = (...names: string[]) => names.map((name) => new File(["x"], name));
  const states = () => queue.uploads.map(({ file, state }) => `${file.name} ${state}`);
  return { queue, sent, arrived, files, states };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("files go two at a time, in their order", async () => {
  const { queue, sent, arrived, files, states } = line();
  queue.add("kb", files("a", "b", "c"));
  expect(states()).toEqual(["a sending", "b sending", "c waiting"]);
  sent[0]?.onProgress(0.5);
  expect(queue.uploads[0]?.share).toBe(0.5);
  sent[0]?.done();
  await settled();
  expect(states()).toEqual(["b sending", "c sending"]);
  sent[1]?.done();
  sent[2]?.done();
  await settled();
  expect(states()).toEqual([]);
  expect(arrived).toEqual(["a", "b", "c"]);
});

test("one that failed stays until it is tried again; the others go on", async () => {
  const { queue, sent, arrived, files, states } = line(1);
  queue.add("kb", files("a", "b"));
  sent[0]?.fail(new Error("too large"));
  await settled();
  expect(states()).toEqual(["a failed", "b sending"]);
  sent[1]?.done();
  await settled();
  queue.retry(queue.uploads[0]?.id ?? 0);
  expect(states()).toEqual(["a sending"]);
  sent[2]?.done();
  await settled();
  expect(arrived).toEqual(["b", "a"]);
});

test("one that is stopped is sent no further and makes room", async () => {
  const { queue, sent, files, states } = line(1);
  queue.add("kb", files("a", "b", "c"));
  const [a, b] = queue.uploads;
  queue.cancel(b?.id ?? 0);
  queue.cancel(a?.id ?? 0);
  expect(sent[0]?.signal.aborted).toBe(true);
  expect(states()).toEqual(["c sending"]);
  sent[0]?.fail(new Error("cancelled"));
  await settled();
  expect(states()).toEqual(["c sending"]);
});

test("listeners are told of each change, until they leave", () => {
  const { queue, files } = line();
  let told = 0;
  const leave = queue.subscribe(() => {
    told += 1;
  });
  const before = queue.uploads;
  queue.add("kb", files("a"));
  expect(told).toBeGreaterThan(0);
  expect(queue.uploads).not.toBe(before);
  leave();
  const now = told;
  queue.cancel(1);
  expect(told).toBe(now);
});

test("only the telling words of a question are marked", () => {
  expect(keywords("How do I descale the KT-9 kettle?")).toBe("descale KT-9 kettle");
  expect(keywords("水壶怎么除垢？")).toBe("水壶 除垢");
  expect(keywords("is it so")).toBe("");
});

test("the server's refusals are told in Chinese, sentence by sentence", () => {
  const refusal = "Documents of .zip cannot be read. Known are txt, md, html, epub, docx and pdf.";
  expect(inChinese(refusal)).toBe("无法读取 .zip 文档。支持 txt、md、html、epub、docx 和 pdf。");
  expect(inChinese("Nobody knows this. Nor this.")).toBe("Nobody knows this. Nor this.");
  expect(inChinese("Nobody knows this. Wait a minute.")).toBe("Nobody knows this.请等一分钟。");
});

test("sizes are told as people read them", () => {
  expect([999, 12_345, 3_400_000].map(fileSize)).toEqual(["999 B", "12 kB", "3.4 MB"]);
});
