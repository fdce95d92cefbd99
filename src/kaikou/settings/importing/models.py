"""Models as the reference server's ``config.yaml`` names them, for files that only say what differs from it.

In a container ``config.yaml`` is part of the image: people have ``data/.config.yaml`` alone, which may say
no more than ``LLM: {DeepSeekLLM: {api_key: …}}``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kaikou.settings.importing.values import is_placeholder

_ARK = "https://ark.cn-beijing.volces.com/api/v3"
_GATEWAY = "https://ai-gateway.vei.volces.com/v1"
_ZHIPU = "https://open.bigmodel.cn/api/paas/v4"
_DASHSCOPE = "https://dashscope.aliyuncs.com/compatible-mode/v1"

CHOSEN = {"LLM": "ChatGLMLLM", "VLLM": "ChatGLMVLLM"}
"""What is in use where a file chooses none."""

_KNOWN: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("LLM", "AliLLM"): ("openai", _DASHSCOPE, "qwen-flash"),
    ("LLM", "ChatGLMLLM"): ("openai", _ZHIPU, "glm-4-flash"),
    ("LLM", "DeepSeekLLM"): ("openai", "https://api.deepseek.com", "deepseek-chat"),
    ("LLM", "DoubaoLLM"): ("openai", _ARK, "doubao-1-5-pro-32k-250115"),
    ("LLM", "GeminiLLM"): ("gemini", "", "gemini-2.0-flash"),
    ("LLM", "LMStudioLLM"): ("openai", "http://localhost:1234/v1", ""),
    ("LLM", "OllamaLLM"): ("ollama", "http://localhost:11434", "qwen2.5"),
    ("LLM", "VolcesAiGatewayLLM"): ("openai", _GATEWAY, "doubao-pro-32k-functioncall"),
    ("LLM", "XinferenceLLM"): ("xinference", "http://localhost:9997", ""),
    ("LLM", "XinferenceSmallLLM"): ("xinference", "http://localhost:9997", ""),
    ("VLLM", "ChatGLMVLLM"): ("openai", _ZHIPU, "glm-4v-flash"),
    ("VLLM", "QwenVLVLLM"): ("openai", _DASHSCOPE, "qwen3.5-flash"),
    ("VLLM", "XunfeiSparkLLM"): ("openai", _ARK, "lite"),
    ("ASR", "FunASR"): ("fun_local", "", ""),
    ("ASR", "SherpaASR"): ("sherpa_onnx_local", "", ""),
    ("ASR", "SherpaParaformerASR"): ("sherpa_onnx_local", "", ""),
    ("ASR", "OpenaiASR"): ("openai", "https://api.openai.com/v1", "gpt-4o-mini-transcribe"),
    ("ASR", "GroqASR"): ("openai", "https://api.groq.com/openai/v1", "whisper-large-v3-turbo"),
    ("ASR", "VoskASR"): ("vosk", "", ""),
    ("TTS", "EdgeTTS"): ("edge", "", ""),
    ("TTS", "OpenAITTS"): ("openai", "https://api.openai.com/v1", "tts-1"),
    ("TTS", "VolcesAiGatewayTTS"): ("openai", _GATEWAY, "doubao-tts"),
}
"""Type, address and model by module and name."""

_PROVIDERS = {
    "dashscope.aliyuncs.com": "dashscope",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
    "api.openai.com": "openai",
    "generativelanguage.googleapis.com": "gemini",
}


@dataclass(frozen=True, slots=True)
class Model:
    """One preset of the file, what it leaves out filled in."""

    kind: str
    """Its ``type``."""
    address: str
    """Without the path of one request."""
    name: str
    key: str
    """Empty where there is none, or words in its place."""
    options: Mapping[str, Any]
    """All that the file says of it."""

    @property
    def engine(self) -> str:
        """The engine here that asks it."""
        own = self.kind if self.kind in {"ollama", "gemini"} else "openai"
        return _PROVIDERS.get(urlsplit(self.address).hostname or "", own)

    @property
    def own(self) -> bool:
        """Whether it is at an address that no provider here has."""
        return self.engine == "openai" and "api.openai.com" not in self.address

    @property
    def usable(self) -> bool:
        """Whether it has the key it needs: what is at home often needs none."""
        return bool(self.key) or self.engine == "ollama" or (self.own and _at_home(self.address))


def model_of(module: str, name: str, given: Mapping[str, Any]) -> Model:
    """The preset ``name`` of a module such as ``LLM`` as the file gives it."""
    kind, address, model = _KNOWN.get((module, name), ("", "", ""))
    kind = str(given.get("type") or kind).lower()
    said = given.get("base_url") or given.get("url") or given.get("api_url")
    address = re.sub(
        r"/(audio/(speech|transcriptions)|chat/completions)$", "", str(said or address).rstrip("/")
    )
    if kind in {"ollama", "xinference"} and address and not address.endswith("/v1"):
        address = f"{address}/v1"
    key = given.get("api_key")
    return Model(
        kind,
        address,
        str(given.get("model_name") or given.get("model") or model),
        key if isinstance(key, str) and key.strip() and not is_placeholder(key) else "",
        given,
    )


def _at_home(address: str) -> bool:
    """Whether the address is this machine's or its network's."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return bool(host) and ("." not in host or host.endswith((".local", ".lan", ".internal")))
