"""The wire's session and ours, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kaikou.api.openai.audio_format import AudioFormat
from kaikou.api.openai.items_codec import decode_items
from kaikou.api.openai.session_models import (
    AnyTool,
    Audio,
    FunctionChoice,
    FunctionTool,
    G711Format,
    McpChoice,
    McpTool,
    PcmFormat,
    RealtimeSession,
    ResponseParams,
    SemanticVad,
    ServerVad,
    Transcription,
)
from kaikou.api.openai.validation import validated
from kaikou.api.openai.voice_names import resolve_voice
from kaikou.dialogue.session import ReplyRequest, SessionConfig, TurnPolicy
from kaikou.engines.ports import Tool, ToolChoice, Voice
from kaikou.errors import InvalidInput

Voices = Sequence[Voice]
_MERGED: dict[str, dict[str, Any]] = {"audio": {"input": {}, "output": {}}, "kaikou": {}}
"""Objects whose fields change one by one; any other object replaces what was there."""


def merge(current: RealtimeSession, patch: Mapping[str, Any]) -> RealtimeSession:
    """The session after ``session.update``: only what ``patch`` names changes. InvalidInput."""
    raw = _merged(current.model_dump(exclude_none=True, exclude={"kaikou"}), patch, _MERGED)
    _keep_nulls(current, raw, patch)
    if current.kaikou is not None:
        extras = patch.get("kaikou", {})
        raw["kaikou"] = {**current.kaikou.model_dump(), **extras} if isinstance(extras, dict) else extras
    session = validated(RealtimeSession, raw, "session")
    if session.prompt is not None:
        raise InvalidInput(
            "Stored prompts are not supported.",
            code="prompt_not_supported",
            param="session.prompt",
            hint="Send the text as session.instructions.",
        )
    for index, tool in enumerate(session.tools):
        _refuse_mcp(tool, f"session.tools.{index}")
    return session


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], shape: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for key, value in new.items():
        if key in shape and isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value, shape[key])
        else:
            result[key] = value
    return result


def _keep_nulls(current: RealtimeSession, raw: dict[str, Any], patch: Mapping[str, Any]) -> None:
    """None means "off" for these two, where leaving them out would mean the default."""
    audio = raw.get("audio")
    heard = audio.get("input") if isinstance(audio, dict) else None
    if isinstance(heard, dict):
        for name in ("transcription", "turn_detection"):
            if name not in heard and getattr(current.audio.input, name) is None:
                heard[name] = None
    # A null for a field with a default takes it back to the default.
    for name in [name for name in patch if patch[name] is None]:
        if RealtimeSession.model_fields.get(name) and RealtimeSession.model_fields[name].default is not None:
            raw.pop(name)


def to_config(session: RealtimeSession, base: SessionConfig, voices: Voices | None) -> SessionConfig:
    """``base`` with what the wire session says; what the wire cannot say stays as it is."""
    heard, spoken = session.audio.input, session.audio.output
    voice = base.voice
    if spoken.voice is not None and spoken.voice != base.voice:
        voice = resolve_voice(spoken.voice, voices, "session.audio.output.voice")
    transcription = heard.transcription
    hint = base.stt_hint
    if transcription is not None and (transcription.prompt or transcription.keywords):
        hint = " ".join(filter(None, [transcription.prompt, ", ".join(transcription.keywords or [])]))
    return replace(
        base,
        instructions=session.instructions,
        voice=voice,
        speed=spoken.speed,
        audio_replies="audio" in session.output_modalities,
        input_rate=audio_format(heard.format).rate,
        output_rate=audio_format(spoken.format).rate,
        turn=_turn_policy(heard.turn_detection),
        hears_itself=session.kaikou is not None and session.kaikou.hears_itself,
        transcribe_only=session.type == "transcription",
        stt_language=_language(transcription) or base.stt_language,
        stt_hint=hint,
        max_tokens=_max_tokens(session.max_output_tokens),
        temperature=session.temperature if session.temperature is not None else base.temperature,
        tools=_tools(session.tools, "session.tools"),
        tool_choice=_tool_choice(session.tool_choice, "session.tool_choice"),
        parallel_tool_calls=session.parallel_tool_calls is not False,
    )


def describe(config: SessionConfig, like: RealtimeSession) -> RealtimeSession:
    """``like`` with the values of a configuration in force (an agent's, a stored session's)."""
    return like.model_copy(
        update={
            "instructions": config.instructions,
            "output_modalities": ["audio"] if config.audio_replies else ["text"],
            "max_output_tokens": config.max_tokens or "inf",
            "temperature": config.temperature,
            "tools": [_describe_tool(tool) for tool in config.tools],
            "tool_choice": _describe_choice(config.tool_choice),
            "audio": Audio(
                input=like.audio.input.model_copy(update={"turn_detection": _describe_turn(config.turn)}),
                output=like.audio.output.model_copy(
                    update={"speed": config.speed, "voice": like.audio.output.voice or config.voice}
                ),
            ),
        }
    )


def render(session: RealtimeSession, session_id: str, expires_at: int) -> dict[str, Any]:
    """The session as the server states it."""
    common = {"id": session_id, "object": "realtime.session", "expires_at": expires_at}
    kaikou = {"kaikou": session.kaikou.model_dump()} if session.kaikou is not None else {}
    if session.type == "transcription":
        body = session.model_dump(include={"type", "include", "audio"})
        body["audio"].pop("output")
        return {**body, **common, "object": "realtime.transcription_session", **kaikou}
    body = session.model_dump(exclude={"kaikou"})
    if session.temperature is None:
        del body["temperature"]  # no field of the GA session
    return {**body, **common, **kaikou}


def reply_request(params: ResponseParams, session: RealtimeSession, voices: Voices | None) -> ReplyRequest:
    """What ``response.create`` asks for. InvalidInput."""
    if params.prompt is not None:
        raise InvalidInput(
            "Stored prompts are not supported.", code="prompt_not_supported", param="response.prompt"
        )
    voice = None
    if params.audio is not None:
        output = params.audio.output
        if output.format is not None and output.format != session.audio.output.format:
            raise InvalidInput(
                "A response has the session's output format.",
                code="unsupported_value",
                param="response.audio.output.format",
                hint="Change session.audio.output.format with session.update first.",
            )
        if output.voice is not None:
            voice = resolve_voice(output.voice, voices, "response.audio.output.voice")
    for index, tool in enumerate(params.tools or []):
        _refuse_mcp(tool, f"response.tools.{index}")
    return ReplyRequest(
        instructions=params.instructions,
        audio_replies=None if params.output_modalities is None else "audio" in params.output_modalities,
        voice=voice,
        max_tokens=None if params.max_output_tokens is None else _max_tokens(params.max_output_tokens),
        temperature=params.temperature,
        tools=None if params.tools is None else _tools(params.tools, "response.tools"),
        tool_choice=(
            None if params.tool_choice is None else _tool_choice(params.tool_choice, "response.tool_choice")
        ),
        in_conversation=params.conversation == "auto",
        input=(
            None
            if params.input is None
            else decode_items(params.input, audio_format(session.audio.input.format), "response.input")
        ),
        metadata=tuple((params.metadata or {}).items()),
    )


def audio_format(wire: PcmFormat | G711Format) -> AudioFormat:
    """The codec for a format of the wire."""
    return AudioFormat(wire.type, wire.rate if isinstance(wire, PcmFormat) else 8000)


def _turn_policy(detection: ServerVad | SemanticVad | None) -> TurnPolicy:
    match detection:
        case None:
            return TurnPolicy(mode="manual", create_response=False)
        case ServerVad():
            return TurnPolicy(
                mode="server_vad",
                threshold=detection.threshold,
                prefix_padding_ms=detection.prefix_padding_ms,
                silence_ms=detection.silence_duration_ms,
                create_response=detection.create_response,
                interrupt_response=detection.interrupt_response,
                idle_timeout_ms=detection.idle_timeout_ms,
            )
        case SemanticVad():
            return TurnPolicy(
                mode="semantic_vad",
                eagerness=detection.eagerness,
                create_response=detection.create_response,
                interrupt_response=detection.interrupt_response,
            )


def _describe_turn(turn: TurnPolicy) -> ServerVad | SemanticVad | None:
    if turn.mode == "manual":
        return None
    if turn.mode == "semantic_vad":
        return SemanticVad(
            type="semantic_vad",
            eagerness=turn.eagerness,
            create_response=turn.create_response,
            interrupt_response=turn.interrupt_response,
        )
    return ServerVad(
        type="server_vad",
        threshold=turn.threshold,
        prefix_padding_ms=turn.prefix_padding_ms,
        silence_duration_ms=turn.silence_ms,
        idle_timeout_ms=turn.idle_timeout_ms,
        create_response=turn.create_response,
        interrupt_response=turn.interrupt_response,
    )


def _language(transcription: Transcription | None) -> str | None:
    if transcription is None:
        return None
    only = (
        transcription.languages[0] if transcription.languages and len(transcription.languages) == 1 else None
    )
    return transcription.language or only


def _max_tokens(value: int | str) -> int | None:
    return value if isinstance(value, int) else None


def _refuse_mcp(tool: AnyTool, param: str) -> None:
    if isinstance(tool, McpTool):
        raise InvalidInput(
            "MCP tools are not supported yet.",
            code="mcp_not_supported",
            param=param,
            hint="Declare the tool as a function and answer its calls.",
        )


def _tools(tools: Sequence[AnyTool], param: str) -> tuple[Tool, ...]:
    found: dict[str, Tool] = {}
    for index, tool in enumerate(tools):
        if not isinstance(tool, FunctionTool):
            continue
        if tool.name in found:
            raise InvalidInput(
                f"Two tools are named {tool.name!r}.", code="invalid_value", param=f"{param}.{index}.name"
            )
        schema = tool.parameters or {"type": "object", "properties": {}}
        found[tool.name] = Tool(tool.name, tool.description or "", schema)
    return tuple(found.values())


def _tool_choice(choice: str | FunctionChoice | McpChoice, param: str) -> ToolChoice:
    if isinstance(choice, McpChoice):
        raise InvalidInput("MCP tools are not supported yet.", code="mcp_not_supported", param=param)
    return choice.name if isinstance(choice, FunctionChoice) else choice


def _describe_choice(choice: ToolChoice) -> str | FunctionChoice:
    if choice in ("none", "auto", "required"):
        return choice
    return FunctionChoice(type="function", name=choice)


def _describe_tool(tool: Tool) -> FunctionTool:
    return FunctionTool(
        type="function", name=tool.name, description=tool.description, parameters=dict(tool.parameters)
    )
