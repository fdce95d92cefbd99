"""Names of variables that other systems' deployments use, and what each means here.

An alias in the environment or in ``.env`` fills the setting it stands for unless that setting is
given under its own ``KAIKOU_`` name. A name whose feature comes later is accepted and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

Path = tuple[str, ...]
Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alias:
    """One accepted name. ``target`` None: accepted, not yet used. Where two names given mean the
    same setting, the one that stands earlier in :data:`ALIASES` counts."""

    name: str
    target: Path | None
    note: str = ""
    convert: Callable[[str], object | None] = str
    """Text to value; None means "says nothing about the setting"."""


def truth(text: str) -> bool:
    """The words people use for yes and no; ValueError for others."""
    word = text.strip().lower()
    if word in {"1", "true", "yes", "on", "y", "t"}:
        return True
    if word in {"0", "false", "no", "off", "n", "f"}:
        return False
    raise ValueError("expected true or false")


def _vosk(text: str) -> str | None:
    return "vosk" if truth(text) else None


def _debug(text: str) -> bool | None:
    try:
        return truth(text)
    except ValueError:  # Node's programs use the same name for patterns such as app:*
        return None


def _engine(text: str) -> str | None:
    return None if text.strip().lower() in {"mock", "auto", ""} else text.strip().lower()


_LATER = "Accepted; not yet used."
_COMPOSE = "A port published by a compose file; not read by the server."
_ENGINE_SERVER = "Accepted; not yet used: it belongs to the MegaTTS3 engine."

ALIASES: tuple[Alias, ...] = (
    # The speech-dialogue backend
    Alias("HOST", ("host",)),
    Alias("PORT", ("port",)),
    Alias("DEBUG", ("debug",), "true or false; another program's value says nothing.", _debug),
    Alias("LOG_LEVEL", ("log_level",), convert=str.lower),
    Alias("ALLOWED_ORIGINS", ("allowed_origins",), "A JSON list of origins."),
    Alias("OPENROUTER_API_KEY", ("providers", "openrouter", "api_key")),
    Alias("OPENROUTER_BASE_URL", ("providers", "openrouter", "base_url")),
    Alias("OPENROUTER_MODEL", ("providers", "openrouter", "model")),
    Alias("STT_ENGINE", ("stt", "engine"), "mock and auto leave the choice to Kaikou.", _engine),
    Alias("USE_REAL_VOSK", ("stt", "engine"), "true chooses the engine vosk.", _vosk),
    Alias("VOSK_MODEL_PATH", ("stt", "vosk", "model_path")),
    Alias("VOSK_SAMPLE_RATE", ("stt", "vosk", "sample_rate")),
    # The coach
    Alias("GEMINI_API_KEY", ("providers", "gemini", "api_key")),
    Alias("OPENAI_API_KEY", ("providers", "openai", "api_key")),
    Alias("DASHSCOPE_API_KEY", ("providers", "dashscope", "api_key")),
    Alias("DEEPSEEK_API_KEY", ("providers", "deepseek", "api_key")),
    Alias("GRADIO_SERVER_NAME", ("host",), "HOST counts where both are set."),
    Alias("GRADIO_SERVER_PORT", ("port",), "PORT counts where both are set."),
    # The chat app and the coach: the target depends on llm.base_url, see api_key_target
    Alias(
        "API_KEY",
        ("providers", "gemini", "api_key"),
        "The key of llm.base_url where that is set, else Gemini's; never this server's own.",
    ),
    # The narration platform
    Alias("DATABASE_URL", ("database_url",), "sqlite:////… and postgres://… are mapped to async drivers."),
    Alias("DATABASE_TYPE", None, "With postgresql and no DATABASE_URL, POSTGRES_* make the address."),
    Alias("POSTGRES_DB", None, "See DATABASE_TYPE."),
    Alias("POSTGRES_USER", None, "See DATABASE_TYPE."),
    Alias("POSTGRES_PASSWORD", None, "See DATABASE_TYPE."),
    Alias("POSTGRES_HOST", None, "See DATABASE_TYPE; default localhost."),
    Alias("POSTGRES_PORT", None, "See DATABASE_TYPE; default 5432."),
    Alias("SECRET_KEY", ("secret_key",)),
    Alias("CORS_ORIGINS", ("allowed_origins",), "A comma-separated list; ALLOWED_ORIGINS counts first."),
    Alias("MAX_FILE_SIZE", None, _LATER),
    Alias("RATE_LIMIT_ENABLED", None, _LATER),
    Alias("RATE_LIMIT_REQUESTS_PER_MINUTE", None, _LATER),
    Alias("MEGATTS3_URL", None, _ENGINE_SERVER),
    Alias("MEGATTS3_API_KEY", None, _ENGINE_SERVER),
    Alias("MEGATTS3_MODEL_PATH", None, _ENGINE_SERVER),
    Alias("MEGATTS3_GPU_DEVICE", None, _ENGINE_SERVER),
    Alias("MEGATTS3_WORKERS", None, _ENGINE_SERVER),
    Alias("MEGATTS3_BATCH_SIZE", None, _ENGINE_SERVER),
    Alias("MEGATTS3_CACHE_SIZE", None, _ENGINE_SERVER),
    Alias("MEGATTS3_TIMEOUT", None, _ENGINE_SERVER),
    Alias("MEGATTS3_PORT", None, _COMPOSE),
    Alias("NGINX_HTTP_PORT", None, _COMPOSE),
    Alias("NGINX_HTTPS_PORT", None, _COMPOSE),
    Alias("BACKEND_PORT", None, _COMPOSE),
    Alias("REDIS_PORT", None, "Kaikou needs no Redis; not read by the server."),
)

_POSTGRES_PARTS = frozenset(
    {"DATABASE_TYPE", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_PORT"}
)


def api_key_target(base_url_set: bool) -> Path:
    """What ``API_KEY`` means: the key of ``llm.base_url`` where one is set, else Gemini's."""
    return ("llm", "api_key") if base_url_set else ("providers", "gemini", "api_key")


def wants_postgres(given: Given) -> bool:
    """Whether the POSTGRES_* names are to make the database's address."""
    kind = given.get("DATABASE_TYPE", "").strip().lower()
    return kind in {"postgres", "postgresql"} and not given.get("DATABASE_URL")


def postgres_url(given: Given) -> str:
    """The address that DATABASE_TYPE=postgresql and POSTGRES_* describe together."""
    user = quote(given.get("POSTGRES_USER") or "postgres", safe="")
    password = quote(given.get("POSTGRES_PASSWORD") or "", safe="")
    host = given.get("POSTGRES_HOST") or "localhost"
    port = given.get("POSTGRES_PORT") or "5432"
    name = quote(given.get("POSTGRES_DB") or user, safe="")
    login = f"{user}:{password}" if password else user
    return f"postgresql://{login}@{host}:{port}/{name}"


def unused(given: Given) -> list[Alias]:
    """The aliases among ``given`` that change nothing, as they stand."""
    made = wants_postgres(given)
    return [
        alias
        for alias in ALIASES
        if alias.target is None and given.get(alias.name) and not (made and alias.name in _POSTGRES_PARTS)
    ]
