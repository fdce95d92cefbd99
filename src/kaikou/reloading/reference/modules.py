"""The modules by their dotted names. All such files share them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from kaikou.reloading.foreign import LoguruLike, module_of
from kaikou.reloading.reference import cache, clock, texts


def common_modules(log: logging.Logger) -> dict[str, ModuleType]:
    """Helpers of that server; what is logged goes to ``log``."""
    known: Mapping[str, Mapping[str, object]] = {
        "config.logger": {"setup_logging": lambda: LoguruLike(log)},
        "core.utils.cache.config": members(cache, "CacheType"),
        "core.utils.cache.manager": members(cache, "CacheType", "cache_manager"),
        "core.utils.current_time": members(
            clock,
            "WEEKDAY_MAP",
            "get_current_time",
            "get_current_date",
            "get_current_weekday",
            "get_current_lunar_date",
            "get_current_time_info",
        ),
        "core.utils.textUtils": members(
            texts, "get_string_no_punctuation_or_emoji", "is_punctuation_or_emoji", "is_emoji"
        ),
        "core.utils.util": members(
            texts,
            "check_model_key",
            "extract_json_from_string",
            "get_ip_info",
            "get_local_ip",
            "get_system_error_response",
            "is_private_ip",
            "parse_string_to_list",
            "remove_punctuation_and_length",
            "sanitize_tool_name",
            "write_json_file",
        ),
    }
    return {name: module_of(name, **found) for name, found in known.items()}


def project_module(folder: Path) -> ModuleType:
    """``config.config_loader`` for a file in a folder of the data folder: that server keeps what it writes in
    ``data`` below its own."""
    above = folder.absolute().parent
    project = above.parent if above.name == "data" else above
    return module_of("config.config_loader", get_project_dir=lambda: f"{project}/", load_config=lambda: {})


def members(module: Any, *names: str) -> dict[str, object]:
    """Those of a module, by name."""
    return {name: getattr(module, name) for name in names}
