"""The modules that such files may import, besides ``plugins_func.register``. All plugins share them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType

from kaikou.reloading.foreign import LoguruLike, module_of
from kaikou.tools.shim import cache, clock, dialogue, texts, things
from kaikou.tools.shim.connection import Connection
from kaikou.tools.shim.speech import Sound

log = logging.getLogger("kaikou.plugins")


async def send_stt_message(conn: Connection, text: str) -> None:
    """Such a server shows the text on the device; here what is spoken is shown, and this is logged."""
    log.info("shown: %s", text)


def decode_opus_from_file(input_file: str) -> tuple[Sound, float]:
    """A ``.p3`` file, to be put to be heard, and a length that nobody counts by here."""
    return Sound(input_file), 0.0


@lru_cache(maxsize=1)
def shared_modules() -> Mapping[str, ModuleType]:
    """By their dotted names."""
    known: dict[str, dict[str, object]] = {
        "config.logger": {"setup_logging": lambda: LoguruLike(log)},
        "core.connection": {"ConnectionHandler": Connection},
        "core.handle.iotHandle": _of(things, "get_iot_status", "send_iot_conn"),
        "core.handle.sendAudioHandle": {"send_stt_message": send_stt_message},
        "core.providers.tts.dto.dto": _of(
            dialogue, "TTSMessageDTO", "SentenceType", "ContentType", "InterfaceType"
        ),
        "core.utils.p3": {"decode_opus_from_file": decode_opus_from_file},
        "core.utils.dialogue": _of(dialogue, "Message", "Dialogue"),
        "core.utils.cache.config": _of(cache, "CacheType"),
        "core.utils.cache.manager": _of(cache, "CacheType", "cache_manager"),
        "core.utils.current_time": _of(
            clock,
            "WEEKDAY_MAP",
            "get_current_time",
            "get_current_date",
            "get_current_weekday",
            "get_current_lunar_date",
            "get_current_time_info",
        ),
        "core.utils.textUtils": _of(
            texts, "get_string_no_punctuation_or_emoji", "is_punctuation_or_emoji", "is_emoji"
        ),
        "core.utils.util": _of(
            texts,
            "check_model_key",
            "extract_json_from_string",
            "get_ip_info",
            "get_local_ip",
            "is_private_ip",
            "parse_string_to_list",
            "remove_punctuation_and_length",
            "sanitize_tool_name",
            "write_json_file",
        ),
    }
    return {name: module_of(name, **members) for name, members in known.items()}


def _of(module: ModuleType, *names: str) -> dict[str, object]:
    return {name: getattr(module, name) for name in names}
