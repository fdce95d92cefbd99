/** What the server says about its models, in Chinese. The server itself speaks English. */
const SENTENCES: Record<string, string> = {
  "Kaikou picks the speech recognition.": "由 Kaikou 选择语音识别。",
  "Kaikou picks the language model.": "由 Kaikou 选择语言模型。",
  "Kaikou picks the voice.": "由 Kaikou 选择语音合成。",
  "What is said is sent to this provider.": "您说的话会发送给这家服务商。",
  "Any server that speaks the OpenAI API, by its address.":
    "任何兼容 OpenAI 接口的服务器，填写它的地址即可。",
  "OpenAI-compatible server": "兼容 OpenAI 的服务器",
  "A Spanish timbre that speaks English.": "带西班牙语口音的英语。",
  "A French timbre that speaks English.": "带法语口音的英语。",
  "A Hindi timbre that speaks English.": "带印地语口音的英语。",
  "A Italian timbre that speaks English.": "带意大利语口音的英语。",
  "A Japanese timbre that speaks English.": "带日语口音的英语。",
  "A Portuguese timbre that speaks English.": "带葡萄牙语口音的英语。",
  "Mixes Mandarin and English in one sentence.": "一句话里可混说中英文。",
  "llama.cpp, embedded": "llama.cpp（内置）",
  "Thinks of the answers": "思考回答",
  "Speaks the answers": "说出回答",
  "Turns speech into text": "把语音变成文字",
  "Notices when somebody speaks": "察觉有人说话",
  "Tells a pause from the end of a sentence": "分辨停顿与说完",
};

const PATTERNS: [RegExp, string][] = [
  [/^(\S+) for English, (\S+) for all else$/, "英语用 $1，其他语言用 $2"],
  [/^(.+), (bf16|int8|float32) in (\w+)$/, "$1，$3 $2"],
  [
    /^Computes in (\w+) in (\w+): the processor multiplies in bfloat16\.$/,
    "处理器支持 bfloat16 乘法：以 $2 计算（$1）。",
  ],
  [/^Needs the extra: (.+)\.$/, "需要先安装：$1"],
];

/** The sentence in Chinese where it is known, else as it is. */
export function inChinese(sentence: string): string {
  const known = SENTENCES[sentence];
  if (known !== undefined) return known;
  for (const [pattern, chinese] of PATTERNS) {
    if (pattern.test(sentence)) return sentence.replace(pattern, chinese);
  }
  return sentence;
}
