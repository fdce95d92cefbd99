"""``core.utils.util`` and ``core.utils.textUtils``: small helpers that such plugins import."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import unicodedata
from pathlib import Path
from typing import Any


def check_model_key(modelType: str, modelKey: str | None) -> str | None:  # noqa: N803 - as it is called
    """A sentence where the key is still the Chinese words that stand for one; None where it isn't."""
    if modelKey and "你" in modelKey:
        return f"{modelType}: the API key is not set, it is {modelKey!r}"
    return None


def is_private_ip(ip_addr: str) -> bool:
    try:
        return ipaddress.ip_address(ip_addr).is_private
    except ValueError:
        return False


def get_ip_info(ip_addr: str, logger: Any) -> dict[str, Any]:
    """Nothing: the address isn't told to a third party. Plugins then use the place they are set to."""
    return {}


def get_local_ip() -> str:
    """This machine's address in its network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address nobody has: only the route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def get_system_error_response(config: Any) -> str:
    """What that server says where something went wrong."""
    said = config.get("system_error_response") if isinstance(config, dict) else None
    return str(said or "Something went wrong.")


def write_json_file(file_path: str, data: Any) -> None:
    Path(file_path).write_text(json.dumps(data, ensure_ascii=False, indent=4), "utf-8")


def parse_string_to_list(value: Any, separator: str = ";") -> list[Any]:
    """The parts of a text; a list as it is; else an empty one."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator) if part.strip()]
    return value if isinstance(value, list) else []


def extract_json_from_string(input_string: str) -> str | None:
    """From the first opening brace to the last closing one."""
    start, end = input_string.find("{"), input_string.rfind("}")
    return input_string[start : end + 1] if 0 <= start < end else None


def sanitize_tool_name(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_\-\u4e00-\u9fff]", "_", name)


def remove_punctuation_and_length(text: str) -> tuple[int, str]:
    """The text without marks and spaces, and how long that is, first."""
    bare = "".join(one for one in text if unicodedata.category(one)[0] not in "PSZ")
    return len(bare), bare


def is_emoji(char: str) -> bool:
    return unicodedata.category(char) == "So"


def is_punctuation_or_emoji(char: str) -> bool:
    return char.isspace() or unicodedata.category(char)[0] == "P" or is_emoji(char)


def get_string_no_punctuation_or_emoji(s: str) -> str:
    """Without those at both ends."""
    kept = [index for index, char in enumerate(s) if not is_punctuation_or_emoji(char)]
    return s[kept[0] : kept[-1] + 1] if kept else ""
