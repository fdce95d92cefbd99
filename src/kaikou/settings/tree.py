"""The one tree of settings.

Sources, weakest first: the defaults below, what was chosen on the page, ``kaikou.toml`` in the
working folder (or the file named by ``KAIKOU_CONFIG``), ``.env`` in the working folder, the
environment. Names in the environment carry the prefix ``KAIKOU_`` and ``__`` between levels:
``KAIKOU_STT__ENGINE=whisper``.
``loading.py`` reads the sources, ``aliases.py`` knows the names of other systems,
``table.py`` shows it all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kaikou.settings.services import (
    DocumentLimits,
    KnowledgeSettings,
    MemorySettings,
    ReminderSettings,
    ToolSettings,
    XiaozhiSettings,
)


class EngineChoice(BaseModel):
    """Which engine serves a kind, and what all engines of the kind share.

    A key named like an engine holds that engine's own settings
    (``KAIKOU_TTS__SCRIPTED__DELAY_MS``); the registry validates it with the engine's model.
    """

    model_config = ConfigDict(extra="allow")

    engine: str = Field("auto", description="Name of the engine; auto picks what fits.")

    def options(self, name: str) -> dict[str, Any]:
        """The engine's own settings as given, not yet validated."""
        found = (self.model_extra or {}).get(name.replace("-", "_"))
        return dict(found) if isinstance(found, dict) else {}


class RemoteEngineChoice(EngineChoice):
    """A kind that may be served by somebody else's API."""

    base_url: str | None = Field(None, description="Address of an OpenAI-compatible API.")
    api_key: SecretStr | None = Field(None, description="Key for base_url or for the chosen preset.")
    model: str | None = Field(None, description="Model name, or a folder with a model's files.")
    timeout: float = Field(60.0, gt=0, description="Seconds a remote request may take.")


class VadSettings(EngineChoice):
    engine: str = Field("auto", description="silero | energy | scripted; auto is silero.")


class TurnSettings(EngineChoice):
    engine: str = Field("auto", description="smart-turn | none; auto is smart-turn.")


class SttSettings(RemoteEngineChoice):
    engine: str = Field("auto", description="whisper | openai | vllm | vosk | scripted.")
    language: str = Field("auto", description="Language of speech where a session names none.")


class LlmSettings(RemoteEngineChoice):
    engine: str = Field(
        "auto",
        description="llama | openai | openrouter | deepseek | dashscope | gemini | ollama | vllm | scripted.",
    )
    temperature: float = Field(0.7, ge=0, le=2)
    max_tokens: int = Field(400, gt=0, description="Longest reply, in tokens.")


class TtsSettings(RemoteEngineChoice):
    engine: str = Field("auto", description="kokoro | piper | openai | scripted.")
    voice: str | None = Field(None, description="Voice where neither session nor agent names one.")


class EmbeddingSettings(RemoteEngineChoice):
    engine: str = Field("auto", description="e5 | openai | dashscope | gemini | ollama | vllm | scripted.")


class VisionSettings(RemoteEngineChoice):
    engine: str = Field("auto", description="openai | openrouter | dashscope | gemini | ollama | vllm.")
    max_tokens: int = Field(300, gt=0, description="Longest answer about a picture, in tokens.")
    max_image_bytes: int = Field(5_000_000, gt=0, description="Largest picture of a device.")
    token_hours: float = Field(24.0, gt=0, description="How long a device may send pictures once connected.")
    max_at_once: int = Field(4, gt=0, description="Pictures of devices looked at at once.")
    upload_seconds: float = Field(30.0, gt=0, description="How long a picture may take to arrive.")


class ProviderSettings(BaseModel):
    """A provider's key and address, whichever kinds it serves (``settings.providers["openrouter"]``)."""

    api_key: SecretStr | None = Field(None, description="The provider's key.")
    base_url: str | None = Field(None, description="Address instead of the preset's own.")
    model: str | None = Field(None, description="Language model instead of the preset's own.")


class PoolSettings(BaseModel):
    """Who may use the processor, and how much may wait."""

    threads: int = Field(0, ge=0, description="Threads for models; 0 = one per core.")
    live_queue: int = Field(256, gt=0, description="Live requests that may wait.")
    interactive_queue: int = Field(64, gt=0)
    batch_queue: int = Field(1024, gt=0)


class ModelSettings(BaseModel):
    """Where model weights come from and where they lie."""

    folder: Path | None = Field(
        None, description="Cache of downloaded models; default <user cache>/kaikou/models."
    )
    source: str = Field("auto", description="auto | registry | huggingface | modelscope | a folder.")
    huggingface_url: str = "https://huggingface.co"
    modelscope_url: str = "https://modelscope.cn"
    offline: bool = Field(False, description="Never go to the network for weights.")
    stall_timeout: float = Field(30.0, gt=0, description="Seconds without a byte that end a download.")


class LiveSettings(BaseModel):
    """One live conversation's bounds and manners."""

    max_sessions: int = Field(
        0, ge=0, description="Live sessions at once; 0 = as many as were measured to fit."
    )
    loop_share: float = Field(
        0.6,
        ge=0.1,
        le=0.95,
        description="Share of the event loop's time that sessions may use, where max_sessions is 0.",
    )
    admission_wait: float = Field(0.0, ge=0, description="Seconds a new session may wait for a place.")
    idle_timeout: float = Field(300.0, gt=0, description="Seconds without any client event before closing.")
    max_session_seconds: float = Field(7200.0, gt=0)
    max_utterance_seconds: float = Field(
        300.0, gt=0, description="Longest turn of the user; then it is committed."
    )
    max_reply_seconds: float = Field(600.0, gt=0, description="Longest a reply may take to be made.")
    resume_seconds: float = Field(60.0, ge=0, description="How long a dropped connection may come back.")
    attach_seconds: float = Field(
        5.0, gt=0, description="How long a client that came back may take to say up to where it had come."
    )
    chat_linger_seconds: float = Field(
        30.0, gt=0, description="How long an unused chat conversation keeps its place among the live ones."
    )
    max_unspoken: int = Field(
        8, gt=0, description="Announcements and recordings that may wait to be played in one conversation."
    )
    soft_end_ms: int = Field(96, ge=32, description="Silence after which the reply is begun unheard.")
    min_silence_ms: int = Field(250, ge=32, description="Shortest silence that ends a turn (semantic).")
    max_silence_ms: int = Field(1600, ge=100, description="Longest silence waited for (semantic).")
    resume_after_ms: int = Field(1500, ge=100, description="Wait for words before a paused reply goes on.")
    echo: bool = Field(
        True, description="Take the agent's sound out of microphones that hear it (no echo cancellation)."
    )
    send_ahead_ms: int = Field(400, ge=40, description="Audio sent ahead of real time.")
    synthesis_ahead_seconds: float = Field(6.0, gt=0, description="Audio synthesised ahead of playback.")
    history_tokens: int = Field(3000, gt=200, description="Prompt budget; oldest turns are left out first.")
    enrich_ms: int = Field(
        300, ge=0, description="Longest wait for what memory and the like add to a turn's prompt."
    )
    store_audio: bool = Field(False, description="Keep the users' recordings with the conversation.")
    speculate: bool = Field(True, description="Begin transcription and reply before the turn's end is sure.")
    partials: bool = Field(True, description="Transcribe while the user speaks, when the processor is idle.")


class LimitSettings(BaseModel):
    """Bounds on what a client may send, and on what waits or is kept for it."""

    max_frame_bytes: int = Field(16 * 1024 * 1024, gt=1024, description="Largest WebSocket frame.")
    max_text_chars: int = Field(20_000, gt=0, description="Longest text message of a user.")
    max_items: int = Field(2_000, gt=10, description="Items one conversation may hold.")
    outbox_messages: int = Field(
        4_096, ge=16, description="Messages that may wait for a slow client; then it is let go."
    )
    outbox_chars: int = Field(8 * 1024 * 1024, ge=1024, description="Characters that may wait for it.")
    send_seconds: float = Field(20.0, gt=0, description="Seconds one message to a client may take.")
    resume_events: int = Field(
        4_096, gt=0, description="Events of a Realtime session kept for a client that comes back."
    )
    resume_chars: int = Field(2 * 1024 * 1024, gt=0, description="Characters of these events.")
    retrievals: int = Field(16, gt=0, description="Items that a Realtime client may retrieve at once.")
    chat_conversations: int = Field(64, gt=0, description="Conversations that one chat socket may hold.")
    chat_frames: int = Field(
        2_048, gt=0, description="Frames of a chat conversation kept for a client that comes back."
    )
    chat_chars: int = Field(512 * 1024, gt=0, description="Characters of these frames.")
    chat_waiting: int = Field(
        16, gt=0, description="Messages of a plain chat that may wait while one is answered."
    )
    undo_seconds: float = Field(
        60.0, ge=0, description="How long a deleted conversation can be brought back."
    )
    preview_chars: int = Field(300, gt=0, description="Longest text a voice is tried with.")


class SpeakerSettings(EngineChoice):
    """Telling people by their voices. Nobody is known without having agreed."""

    engine: str = Field("auto", description="resemblyzer | scripted; auto is resemblyzer.")
    enabled: bool = Field(False, description="Recognise those who were enrolled; off, no voice is looked at.")
    threshold: float | None = Field(
        None,
        ge=-1,
        le=1,
        description="Likeness from which it is somebody; default the engine's, higher the more are known.",
    )
    needed: int = Field(5, ge=1, le=100, description="Utterances needed before somebody is recognised.")
    min_seconds: float = Field(1.0, gt=0, description="Voice in an utterance from which it can be told.")
    max_speakers: int = Field(50, gt=0, description="People known.")
    max_utterances: int = Field(50, gt=0, description="Utterances kept as prints for each.")
    max_recording_seconds: float = Field(300.0, gt=0, description="Longest recording to enrol from.")
    max_recording_bytes: int = Field(50_000_000, gt=0, description="Largest such file.")


class Settings(BaseModel):
    """Everything that can be set, with its default. ``Settings()`` is the defaults alone;
    ``loading.load_settings()`` reads the sources."""

    model_config = ConfigDict(extra="forbid", validate_default=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path("data"), description="Database, recordings and secrets.")
    password: SecretStr | None = Field(
        None, description="Protects every route; needed beyond loopback. Plain, or as an scrypt hash."
    )
    api_keys: list[SecretStr] = Field(default_factory=list, description="Keys for API clients.")
    tls: bool = Field(False, description="Serve HTTPS with a self-signed certificate.")
    allowed_origins: list[str] = Field(default_factory=list, description="Other sites whose pages may call.")
    database_url: str | None = Field(None, description="SQLAlchemy URL; default SQLite in data_dir.")
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies and tokens; default: made once in data_dir."
    )
    log_level: str = Field("info", description="debug | info | warning | error.")
    debug: bool = Field(False, description="More detail in the log; never in answers.")

    vad: VadSettings = VadSettings()
    turn: TurnSettings = TurnSettings()
    stt: SttSettings = SttSettings()
    llm: LlmSettings = LlmSettings()
    tts: TtsSettings = TtsSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    speaker: SpeakerSettings = SpeakerSettings()
    vision: VisionSettings = VisionSettings()
    providers: dict[str, ProviderSettings] = Field(
        default_factory=dict,
        description="Keys by provider: openai | openrouter | deepseek | dashscope | gemini | ollama | vllm.",
    )
    pool: PoolSettings = PoolSettings()
    models: ModelSettings = ModelSettings()
    live: LiveSettings = LiveSettings()
    tools: ToolSettings = ToolSettings()
    limits: LimitSettings = LimitSettings()
    documents: DocumentLimits = DocumentLimits()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    memory: MemorySettings = MemorySettings()
    xiaozhi: XiaozhiSettings = XiaozhiSettings()
    reminders: ReminderSettings = ReminderSettings()
