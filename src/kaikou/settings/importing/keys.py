"""Keys of such a file by what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaikou.settings.importing.values import devices, port_of, recordings_kept, texts, truth

PLAIN: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("server.ip", "host", str),
    ("server.port", "port", int),
    ("server.websocket", "xiaozhi.websocket_url", str),
    ("server.timezone_offset", "xiaozhi.timezone_minutes", lambda hours: round(float(hours) * 60)),
    ("server.auth.allowed_devices", "xiaozhi.allowed_devices", devices),
    ("server.mqtt_gateway", "xiaozhi.mqtt.port", port_of),
    ("server.udp_gateway", "xiaozhi.mqtt.udp_port", port_of),
    ("log.log_level", "log_level", lambda level: str(level).lower()),
    ("close_connection_no_voice_time", "xiaozhi.idle_seconds", float),
    ("exit_commands", "xiaozhi.exit_words", texts),
    ("wakeup_words", "xiaozhi.wake_words", texts),
    ("enable_greeting", "xiaozhi.wake_greeting", truth),
    ("tts_timeout", "tts.timeout", float),
    ("tool_call_timeout", "tools.timeout", float),
    ("delete_audio", "live.store_audio", recordings_kept),
    ("plugins.get_weather.default_location", "tools.home_place", str),
    ("plugins.home_assistant.base_url", "tools.home_assistant_url", str),
    ("plugins.home_assistant.api_key", "tools.home_assistant_token", str),
)
"""Key, setting, and how the value is read; None as the value is what is set here anyway."""

NEEDLESS = {
    "server.vision_explain": "Devices are told the address they called.",
    "server.auth.enabled": "Devices are bound by a code and always need their token.",
    "server.auth_key": "The server makes its own key, once.",
    "server.mqtt_signature_key": "The broker is part of the server and makes its own passwords.",
    "enable_wakeup_words_response_cache": "The greeting's sound is always kept.",
    "enable_websocket_ping": "A device's ping is always answered.",
    "tts_audio_send_delay": "Sound is paced by the clock.",
    "end_prompt": "The agent takes leave in a sentence: xiaozhi.farewell.",
    "plugins.get_weather.api_key": "The weather needs no key.",
    "plugins.get_weather.api_host": "The weather needs no key.",
    "plugins.home_assistant.devices": "Devices are found by their names in Home Assistant.",
    "plugins.play_music.music_ext": "Every kind of sound file is played.",
    "plugins.play_music.refresh_time": "The folder is read when a song is asked for.",
    "voiceprint": "Voices are told apart by Kaikou itself: enrol them on the page.",
    "selected_module.VAD": "Silero is used.",
}

HINTS = {
    "mcp_endpoint": "Make an endpoint on the page under Tools, and have your tools dial in there.",
}
"""More than that a key has no counterpart."""

IGNORED = frozenset({"selected_module", "module_test", "xiaozhi", "manager-api"})
"""The hello's numbers and the like: what they say is told by the devices or found out."""
IGNORED_BELOW = frozenset(
    {
        ("log", "log_format"),
        ("log", "log_format_file"),
        ("log", "log_dir"),
        ("log", "log_file"),
        ("log", "data_dir"),
    }
)
NOT_FOR_PLUGINS = frozenset(
    {"server", "log", "xiaozhi", "module_test", "manager-api", "voiceprint", "VAD", "ASR", "LLM", "VLLM"}
    | {"TTS", "Memory"}
)
"""Tables that no plugin has a use for; the others are its ``conn.config``."""
