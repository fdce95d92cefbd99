"""The session object as it is written on the wire (GA shape), checked field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class PcmFormat(Wire):
    type: Literal["audio/pcm"]
    rate: Annotated[int, Field(ge=8000, le=48_000)] = 24_000
    """Hz; the API knows 24000 only, other rates are an extension."""


class G711Format(Wire):
    type: Literal["audio/pcmu", "audio/pcma"]


Format = Annotated[PcmFormat | G711Format, Field(discriminator="type")]


class Transcription(Wire):
    model: str | None = None
    language: str | None = None
    languages: list[str] | None = None
    prompt: str | None = None
    keywords: list[str] | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


class NoiseReduction(Wire):
    type: Literal["near_field", "far_field"] | None = None
    strength: Annotated[float, Field(ge=0, le=1)] | None = None


class ServerVad(Wire):
    type: Literal["server_vad"]
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    prefix_padding_ms: Annotated[int, Field(ge=0, le=5000)] = 300
    silence_duration_ms: Annotated[int, Field(ge=0, le=10_000)] = 500
    idle_timeout_ms: Annotated[int, Field(ge=100, le=600_000)] | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Wire):
    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class AudioInput(Wire):
    format: Format = PcmFormat(type="audio/pcm")
    noise_reduction: NoiseReduction | None = None
    transcription: Transcription | None = Transcription()
    turn_detection: TurnDetection | None = None


class AudioOutput(Wire):
    format: Format = PcmFormat(type="audio/pcm")
    speed: Annotated[float, Field(ge=0.25, le=1.5)] = 1.0
    voice: str | None = None

    @field_validator("voice", mode="before")
    @classmethod
    def _name_or_id(cls, value: Any) -> Any:
        return value["id"] if isinstance(value, dict) and isinstance(value.get("id"), str) else value


class Audio(Wire):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class FunctionTool(Wire):
    type: Literal["function"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class McpTool(Wire):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    type: Literal["mcp"]


AnyTool = Annotated[FunctionTool | McpTool, Field(discriminator="type")]


class FunctionChoice(Wire):
    type: Literal["function"]
    name: str


class McpChoice(Wire):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    type: Literal["mcp"]


ToolChoice = (
    Literal["none", "auto", "required"] | Annotated[FunctionChoice | McpChoice, Field(discriminator="type")]
)
Modalities = Annotated[list[Literal["text", "audio"]], Field(min_length=1, max_length=2)]
MaxTokens = Annotated[int, Field(ge=1)] | Literal["inf"]


class Extensions(Wire):
    """``session.kaikou``: what only Kaikou offers."""

    events: bool = False
    """Send the ``kaikou.*`` events."""
    agent: str | None = None
    conversation_id: str | None = None
    hears_itself: bool = False
    """Nobody cancels the echo of the agent's sound in the microphone: the server is to."""


class RealtimeSession(Wire):
    """``type`` realtime: a spoken conversation; transcription: only the user is heard."""

    type: Literal["realtime", "transcription"] = "realtime"
    model: str = "kaikou"
    instructions: str = ""
    output_modalities: Modalities = ["audio"]
    max_output_tokens: MaxTokens = "inf"
    tools: list[AnyTool] = []
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    tracing: Literal["auto"] | dict[str, Any] | None = None
    truncation: Literal["auto", "disabled"] | dict[str, Any] = "auto"
    include: list[str] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Known to the beta API only; accepted in both."""
    audio: Audio = Audio()
    kaikou: Extensions | None = None


class ResponseOutput(Wire):
    format: Format | None = None
    voice: str | None = None

    _name_or_id = field_validator("voice", mode="before")(
        lambda value: value["id"] if isinstance(value, dict) and isinstance(value.get("id"), str) else value
    )


class ResponseAudio(Wire):
    output: ResponseOutput = ResponseOutput()


class ResponseParams(Wire):
    """``response.create.response``: None leaves a choice to the session."""

    conversation: Literal["auto", "none"] = "auto"
    input: list[dict[str, Any]] | None = None
    instructions: str | None = None
    output_modalities: Modalities | None = None
    audio: ResponseAudio | None = None
    tools: list[AnyTool] | None = None
    tool_choice: ToolChoice | None = None
    max_output_tokens: MaxTokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    prompt: dict[str, Any] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
            Field(max_length=16),
        ]
        | None
    ) = None
