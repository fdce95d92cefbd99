"""The settings of what agents do and of where they are reached: tools, devices, reminders, documents,
knowledge and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator


class McpServerSettings(BaseModel):
    """One MCP server: a ``command`` that speaks on its standard output, or a ``url``."""

    command: str | None = Field(None, description="Program to start; it speaks MCP over stdio.")
    args: list[str] = Field(default_factory=list, description="Its arguments.")
    env: dict[str, SecretStr] = Field(default_factory=dict, description="Its environment variables, by name.")
    cwd: str | None = Field(None, description="Folder it starts in.")
    url: str | None = Field(None, description="Address of a server that is running.")
    transport: Literal["auto", "stdio", "http", "sse"] = Field(
        "auto", description="auto | stdio | http (streamable) | sse; auto tries http and sse in turn."
    )
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Headers of requests, by name.")
    token: SecretStr | None = Field(None, description="Sent as a bearer token.")
    timeout: float = Field(30.0, gt=0, description="Seconds a call may take.")
    agents: list[str] | None = Field(None, description="Agents that get its tools; default all.")
    disabled: bool = Field(False, description="Leave it out for now.")


class ToolSettings(BaseModel):
    """What agents may do besides talk, and its bounds."""

    folder: Path | None = Field(None, description="The operator's own tools; default data_dir/plugins.")
    load_timeout: float = Field(20.0, gt=0, description="Seconds a plugin file may take to load.")
    timeout: float = Field(60.0, gt=0, description="Seconds any call may take, whatever the tool says.")
    max_concurrent: int = Field(32, gt=0, description="Calls at once in all conversations.")
    max_result_chars: int = Field(8_000, gt=0, description="Longest result given to the model.")
    intent: str = Field(
        "auto",
        description="What decides about tools: auto | none | function_calling | router | model | a file.",
    )
    intent_folder: Path | None = Field(
        None, description="The operator's own ways to decide; default data_dir/intent."
    )
    intent_model: str = Field("", description="Language engine that decides where intent is model.")
    intent_seconds: float = Field(3.0, gt=0, description="Longest it may take; then no tool is called.")
    max_rounds: int = Field(5, ge=1, le=50, description="Rounds of calls in one reply; then words must come.")
    filler_after_ms: int = Field(
        1500, ge=0, description="A call as slow as this is bridged by a spoken phrase; 0 = never."
    )
    max_audio_seconds: float = Field(7200.0, gt=0, description="Longest recording that is played.")
    mcp: dict[str, McpServerSettings] = Field(
        default_factory=dict, description="MCP servers: any name; more in data_dir/mcp.json."
    )
    mcp_connect_timeout: float = Field(20.0, gt=0, description="Seconds an MCP server may take to answer.")
    mcp_check_seconds: float = Field(30.0, gt=0, description="Between two looks at an MCP server.")
    mcp_servers: int = Field(100, gt=0, description="MCP servers that the page may add.")
    endpoints: int = Field(100, gt=0, description="MCP endpoints that may be made.")
    endpoint_servers: int = Field(8, gt=0, description="Servers connected to one endpoint at once.")
    endpoint_callers: int = Field(8, gt=0, description="Callers of one endpoint's tools at once.")
    endpoint_calls: int = Field(16, gt=0, description="Calls of one such caller at once.")
    endpoint_chars: int = Field(1024 * 1024, ge=1024, description="Longest message at an endpoint.")
    http_timeout: float = Field(10.0, gt=0, description="Seconds a service that a tool asks may take.")
    http_max_bytes: int = Field(4 * 1024 * 1024, gt=0, description="Longest answer of such a service.")
    time_zone: str = Field("", description="IANA zone such as Asia/Shanghai; default the machine's.")
    home_place: str = Field("", description="Town of the weather where nobody names one.")
    weather_url: str = Field("https://api.open-meteo.com", description="An Open-Meteo service.")
    geocoding_url: str = Field(
        "https://geocoding-api.open-meteo.com", description="Open-Meteo's search for places."
    )
    news_feeds: list[str] = Field(default_factory=list, description="Addresses of RSS or Atom feeds.")
    music_folder: Path | None = Field(None, description="Folder of songs to play.")
    search_provider: Literal["auto", "tavily", "metaso", "searxng"] = Field(
        "auto", description="auto | tavily | metaso | searxng; auto is searxng if search_url is set."
    )
    search_url: str | None = Field(None, description="Address of a SearXNG, or of the provider.")
    search_key: SecretStr | None = Field(None, description="Key of Tavily or Metaso.")
    home_assistant_url: str | None = Field(None, description="Such as http://homeassistant.local:8123.")
    home_assistant_token: SecretStr | None = Field(None, description="A long-lived access token.")
    log_calls: int = Field(20, ge=0, description="Calls of each tool kept for the page, in memory.")


class MqttSettings(BaseModel):
    """The same devices over MQTT and UDP."""

    enabled: bool = Field(False, description="Have devices talk over MQTT and UDP, not over a WebSocket.")
    host: str | None = Field(None, description="Address to listen on; default as the server.")
    port: int = Field(1883, ge=0, le=65535, description="TCP port of the broker; 0 takes a free one.")
    udp_port: int = Field(8884, ge=0, le=65535, description="UDP port of the sound; 0 takes a free one.")
    address: str | None = Field(
        None, description="Name or address told to devices; default the one they called."
    )
    max_clients: int = Field(256, gt=0, description="Connections at once.")
    max_message_bytes: int = Field(8 * 1024, ge=1024, description="Largest message of a device.")
    max_unsent_bytes: int = Field(
        256 * 1024, ge=4096, description="Bytes that may wait for a slow device; then it is let go."
    )
    stalled_seconds: float = Field(
        10.0, gt=0, description="Seconds a quarter of them may wait before the device is let go."
    )


class DeviceToolSettings(BaseModel):
    """Bounds on the tools and things that a device tells of itself."""

    max_tools: int = Field(128, gt=0, description="Tools of one device; the others are left out.")
    max_things: int = Field(32, gt=0, description="Things of one device with older firmware.")
    max_calls: int = Field(16, gt=0, description="Calls of one device's tools at once.")
    max_schema_bytes: int = Field(
        16 * 1024, gt=0, description="Largest description of a tool's parameters; a larger one is left out."
    )
    max_result_chars: int = Field(16_000, gt=0, description="Longest result of a call.")
    max_state_chars: int = Field(2_000, gt=0, description="Longest value that a thing has told.")


class XiaozhiSettings(BaseModel):
    """Devices that speak the xiaozhi protocol."""

    enabled: bool = Field(True, description="Serve /xiaozhi/ota/ and /xiaozhi/v1/.")
    extra_ports: list[int] = Field(
        default_factory=list, description="Further ports of this server, such as 8003 for devices set to it."
    )
    websocket_url: str | None = Field(
        None, description="Address told to devices; default from the address they called."
    )
    token_days: float = Field(
        30.0, gt=0, description="How long a device's token holds; each start renews it."
    )
    code_minutes: float = Field(10.0, gt=0, description="How long a binding code may be typed in.")
    max_devices: int = Field(1_000, gt=0, description="Devices that may be bound.")
    max_waiting: int = Field(
        256, gt=0, description="Devices that may wait with a code; then the oldest's is void."
    )
    max_waiting_of_address: int = Field(16, gt=0, description="Of these from one address.")
    max_unbound: int = Field(8, gt=0, description="Unbound devices connected at once, telling their codes.")
    auto_bind: Literal["off", "loopback", "private"] = Field(
        "off", description="Bind devices without a code from: off | loopback | private (own networks)."
    )
    allowed_devices: list[str] = Field(
        default_factory=list, description="MAC addresses that need neither code nor token."
    )
    timezone_minutes: int | None = Field(
        None, ge=-720, le=840, description="The devices' offset from UTC; default this machine's."
    )
    output_rate: int = Field(24_000, description="Hz of the sound sent to devices: 16000, 24000 or 48000.")
    bitrate: int = Field(32_000, ge=6_000, le=256_000, description="Bits a second of that sound.")
    complexity: int = Field(
        0, ge=0, le=10, description="Effort of the Opus encoder; more than 0 is not heard in speech."
    )
    send_ahead_ms: int = Field(
        600, ge=120, le=1_800, description="Sound sent ahead of playback; a device holds 2400 ms."
    )
    hello_seconds: float = Field(10.0, gt=0, description="How long a connection may take to say hello.")
    idle_seconds: float = Field(
        120.0, ge=0, description="Without a voice for so long, the agent takes leave; 0 = never."
    )
    farewell: str = Field("", description="What it says then, and to exit words; default by language.")
    exit_words: list[str] = Field(
        default_factory=lambda: ["退出", "关闭", "再见", "拜拜", "exit", "goodbye", "bye"],
        description="A turn of just one of these ends the conversation.",
    )
    wake_words: list[str] = Field(
        default_factory=lambda: [
            "你好小智",
            "小智小智",
            "小智同学",
            "你好小新",
            "嗨小智",
            "hi esp",
            "hi lexin",
        ],
        description="What a device reports on being woken; other texts are a user's words.",
    )
    wake_greeting: bool = Field(True, description="Answer the wake word with the agent's greeting.")
    wake_mute_ms: int = Field(1_000, ge=0, le=5_000, description="Sound left unheard after the wake word.")
    tool_timeout: float = Field(30.0, gt=0, description="Seconds a device's tool may take.")
    max_text_chars: int = Field(64 * 1024, ge=1024, description="Longest JSON message of a device.")
    outbox_messages: int = Field(
        512, gt=0, description="Messages and packets that may wait for a slow device; then it is let go."
    )
    outbox_bytes: int = Field(1024 * 1024, ge=1024, description="Bytes that may wait for it.")
    send_seconds: float = Field(10.0, gt=0, description="Seconds one message to a device may take.")
    leave_seconds: float = Field(
        30.0, gt=0, description="How long a farewell may take; then the connection ends without it."
    )
    firmware_max_bytes: int = Field(32 * 1024 * 1024, gt=0, description="Largest firmware image.")
    firmware_images: int = Field(200, gt=0, description="Firmware images kept.")
    tools: DeviceToolSettings = DeviceToolSettings()
    mqtt: MqttSettings = MqttSettings()

    @field_validator("output_rate")
    @classmethod
    def _rate_of_opus(cls, value: int) -> int:
        if value not in (16_000, 24_000, 48_000):
            raise ValueError("input should be 16000, 24000 or 48000")
        return value


class ReminderSettings(BaseModel):
    """Reminders, and pushes to devices at a time."""

    grace_minutes: float = Field(
        60.0, ge=1, description="How long a due reminder waits for somebody to tell; then it is missed."
    )
    elsewhere_seconds: float = Field(
        5.0, ge=0, description="After so long another device tells what is meant for one that isn't there."
    )
    most: int = Field(500, gt=0, description="Reminders that may wait at once.")
    keep_days: float = Field(30.0, gt=0, description="How long a reminder that is over stays listed.")


class DocumentLimits(BaseModel):
    """Bounds on a document. Files come from anywhere: each of these stops a hostile one."""

    max_bytes: int = Field(50_000_000, gt=0, description="Largest file.")
    max_unpacked_bytes: int = Field(
        300_000_000, gt=0, description="Largest content of a zipped document (epub, docx)."
    )
    max_characters: int = Field(10_000_000, gt=0, description="Longest text of one document.")
    max_pages: int = Field(5_000, gt=0, description="Most pages of a PDF, or parts of an epub.")
    seconds: float = Field(120.0, gt=0, description="Longest that reading one document may take.")
    memory_bytes: int = Field(
        2_000_000_000, gt=0, description="Most memory that reading one may take (Linux only)."
    )


class KnowledgeSettings(BaseModel):
    """What agents may look things up in."""

    passage_chars: int = Field(
        700, ge=100, le=5_000, description="Longest passage, in letters; a Chinese character counts as three."
    )
    results: int = Field(5, ge=1, le=50, description="Passages a search gives where nobody says how many.")
    candidates: int = Field(
        50, ge=5, le=1_000, description="Best passages by words and by meaning that are ranked together."
    )
    max_documents: int = Field(1_000, gt=0, description="Most documents in one knowledge base.")
    max_passages: int = Field(
        100_000, gt=0, description="Most passages in one knowledge base; 10,000 take about 100 MB of memory."
    )
    cached_passages: int = Field(
        200_000, gt=0, description="Passages of all knowledge bases whose index is kept in memory."
    )
    vectors: Literal["auto", "memory", "pgvector"] = Field(
        "auto",
        description="Where vectors are compared: `memory`; `pgvector`, in PostgreSQL with that extension; "
        "`auto`: in the database where it has pgvector or lets Kaikou create it, else in memory.",
    )
    memory_passages: int = Field(
        20_000,
        ge=0,
        description="With pgvector: bases of at most so many passages are compared in memory, all the same.",
    )
    max_query_chars: int = Field(2_000, gt=0, description="Longest question.")


class MemorySettings(BaseModel):
    """How agents remember the people they talk with."""

    folder: Path | None = Field(
        None, description="The operator's own ways to remember; default data_dir/memory."
    )
    load_timeout: float = Field(20.0, gt=0, description="Seconds such a file may take to load.")
    max_notes: int = Field(200, gt=0, description="Facts kept of one person; then the oldest goes.")
    max_chars: int = Field(1_000, ge=100, description="Longest text of one memory.")
    max_turn_chars: int = Field(4_000, gt=0, description="As much of a turn is looked at.")
    learn_after: float = Field(
        60.0, ge=0, description="Seconds of quiet after which an open conversation's turns are learned from."
    )
    learn_turns: int = Field(12, ge=1, le=100, description="Turns learned from at a time.")
    learn_timeout: float = Field(300.0, gt=0, description="Seconds the language model may take for that.")
