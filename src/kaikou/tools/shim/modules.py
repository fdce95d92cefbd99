"""The modules that such files may import, besides ``plugins_func.register``. All plugins share them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType

from kaikou.reloading.foreign import module_of
from kaikou.reloading.reference.modules import common_modules, members
from kaikou.tools.shim import dialogue, things
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
        "core.connection": {"ConnectionHandler": Connection},
        "core.handle.iotHandle": members(things, "get_iot_status", "send_iot_conn"),
        "core.handle.sendAudioHandle": {"send_stt_message": send_stt_message},
        "core.providers.tts.dto.dto": members(
            dialogue, "TTSMessageDTO", "MsgType", "SentenceType", "ContentType", "InterfaceType"
        ),
        "core.utils.p3": {"decode_opus_from_file": decode_opus_from_file},
        "core.utils.dialogue": members(dialogue, "Message", "Dialogue"),
    }
    return common_modules(log) | {name: module_of(name, **found) for name, found in known.items()}
