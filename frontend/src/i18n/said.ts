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
  "Chinese calendar": "农历",
  Time: "时间",
  Weather: "天气",
  News: "新闻",
  Music: "音乐",
  Knowledge: "知识库",
  "State of the home": "家居状态",
  "Control the home": "家居控制",
  "End the conversation": "结束对话",
  Volume: "音量",
  "Change role": "切换角色",
  "Web search": "网页搜索",
  "Connecting.": "正在连接。",
  "Not connected; it is tried again.": "未连接，会自动重试。",
  "Its entry can't be used.": "这一项配置无法使用。",
  "Addresses of RSS feeds: set tools.news_feeds.": "RSS 源的地址：tools.news_feeds。",
  "A folder of music: set tools.music_folder.": "音乐文件夹：tools.music_folder。",
  "Address and token: set tools.home_assistant_url and tools.home_assistant_token.":
    "地址和令牌：tools.home_assistant_url 与 tools.home_assistant_token。",
  "The address of a SearXNG: set tools.search_url.": "SearXNG 的地址：tools.search_url。",
  "A key of Tavily or Metaso (tools.search_key), or the address of a SearXNG (tools.search_url).":
    "Tavily 或秘塔的密钥（tools.search_key），或 SearXNG 的地址（tools.search_url）。",
};

const PATTERNS: [RegExp, string][] = [
  [/^(\S+) for English, (\S+) for all else$/, "英语用 $1，其他语言用 $2"],
  [/^(.+), (bf16|int8|float32) in (\w+)$/, "$1，$3 $2"],
  [
    /^Computes in (\w+) in (\w+): the processor multiplies in bfloat16\.$/,
    "处理器支持 bfloat16 乘法：以 $2 计算（$1）。",
  ],
  [/^Needs the extra: (.+)\.$/, "需要先安装：$1"],
  [/^(\d+) tools?\.$/, "$1 个工具。"],
  [/^(\d+) tools, (\d+) of them not set up\.$/, "$1 个工具，其中 $2 个尚未设置。"],
  [/^(.+): (\d+) files, (\d+) tools\.$/, "$1：$2 个文件，$3 个工具。"],
  [/^Reading (.+)\.$/, "正在读取 $1。"],
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
