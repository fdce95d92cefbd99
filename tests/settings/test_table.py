"""The settings as people see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaikou.settings.loading import load_settings
from kaikou.settings.table import MASK, alias_rows, markdown, setting_rows

DEPLOYED_NAMES = """
OPENROUTER_API_KEY OPENROUTER_BASE_URL OPENROUTER_MODEL STT_ENGINE VOSK_MODEL_PATH VOSK_SAMPLE_RATE
USE_REAL_VOSK HOST PORT DEBUG LOG_LEVEL ALLOWED_ORIGINS API_KEY GEMINI_API_KEY OPENAI_API_KEY
DASHSCOPE_API_KEY GRADIO_SERVER_NAME GRADIO_SERVER_PORT DATABASE_TYPE DATABASE_URL POSTGRES_DB
POSTGRES_USER POSTGRES_PASSWORD MEGATTS3_URL MEGATTS3_API_KEY MEGATTS3_MODEL_PATH MEGATTS3_GPU_DEVICE
MEGATTS3_WORKERS MEGATTS3_BATCH_SIZE MEGATTS3_CACHE_SIZE MEGATTS3_TIMEOUT SECRET_KEY CORS_ORIGINS
NGINX_HTTP_PORT NGINX_HTTPS_PORT BACKEND_PORT REDIS_PORT MEGATTS3_PORT RATE_LIMIT_ENABLED
RATE_LIMIT_REQUESTS_PER_MINUTE MAX_FILE_SIZE
""".split()


def test_the_document_is_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    assert written == markdown(), "run: python -m kaikou.settings.table > docs/settings.md"


def test_every_name_of_the_earlier_deployments_is_accepted() -> None:
    assert set(DEPLOYED_NAMES) <= {row.name for row in alias_rows()}


def test_rows_tell_value_and_origin(tmp_path: Path) -> None:
    rows = {row.name: row for row in setting_rows(load_settings(tmp_path, {"KAIKOU_PORT": "9"}))}
    assert (rows["port"].value, rows["port"].origin, rows["port"].default) == (
        "9",
        "KAIKOU_PORT in the environment",
        False,
    )
    assert (rows["stt.engine"].value, rows["stt.engine"].variable) == ("auto", "KAIKOU_STT__ENGINE")
    assert rows["stt.engine"].default and rows["stt.engine"].description


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAIKOU_PASSWORD", "hush"),
        ("KAIKOU_API_KEYS", "hush,hush2"),
        ("OPENROUTER_API_KEY", "hush"),
        ("SECRET_KEY", "hush"),
        ("KAIKOU_LLM__API_KEY", "hush"),
        ("DATABASE_URL", "postgresql://u:hush@host/db"),
        ("KAIKOU_STT__ACME__ACCESS_TOKEN", "hush"),
    ],
)
def test_secrets_are_masked(tmp_path: Path, variable: str, value: str) -> None:
    shown = " ".join(row.value for row in setting_rows(load_settings(tmp_path, {variable: value})))
    assert "hush" not in shown
    assert MASK in shown
