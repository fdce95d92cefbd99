"""Tools for a model that can't be trusted to call them: what is asked for is decided before it answers.

What one of a tool's examples says needs no model. Else, where the words are about what some tool does, the
model is asked which one they ask for, if any, held to a JSON schema; its answer counts only as far as the
words bear it out. Ordinary talk costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from kaikou.engines.ports import Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.intent.matching import Fit, Matcher
from kaikou.intent.numbers import SHARE, number
from kaikou.intent.ports import Decision
from kaikou.intent.words import plain

log = logging.getLogger(__name__)

_LONGEST = 120
"""Who asks for something says so in a sentence."""
_SECONDS = 6.0
_NONE = "none"
_NUMBER_WORDS = re.compile(SHARE)

_SYSTEM = (
    "You decide which action the user's words ask for right now, if any. To talk about a subject is not to "
    f'ask for an action: then it is "{_NONE}". So it is with a question about the past, about other people, '
    "or about what something is. Answer in JSON."
)
_SHOWN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("get_time: tells the time now", "Time flies when you are having fun.", {"action": _NONE}),
    ("set_volume(percent): sets the loudness", "把声音开到四十", {"action": "set_volume", "percent": 40}),
    ("play_music(title): plays a song; get_news: tells the news", "我小时候很喜欢听歌。", {"action": _NONE}),
    (
        "play_music(title): plays a song",
        "Put on some Mozart",
        {"action": "play_music", "title": "Mozart"},
    ),
)


class Router:
    """Decides with examples first, with the answering model where they don't tell."""

    offers = False

    def __init__(self) -> None:
        self._matcher = Matcher(())

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        words = next((one.content for one in reversed(messages) if one.role == "user"), "").strip()
        if not words or len(words) > _LONGEST:
            return Decision()
        if self._matcher.tools != tuple(tools):
            self._matcher = Matcher(tools)
        fit = self._matcher.fit(words)
        if fit is None or fit.free:
            fit = await self._ask(words, fit, model)
        if fit is None:
            return Decision()
        arguments = json.dumps(fit.arguments, ensure_ascii=False)
        call = ToolCall(f"call_{len(messages)}", fit.tool.name, arguments)
        return Decision(calls=(call,), plainly=True)

    async def _ask(self, words: str, fit: Fit | None, model: LanguageModel) -> Fit | None:
        """What the model makes of the words; ``fit`` is what they look like."""
        candidates = self._matcher.candidates(words)
        if fit is not None:
            candidates = [fit.tool, *(tool for tool in candidates if tool.name != fit.tool.name)][:4]
        candidates = [tool for tool in candidates if _askable(tool)]
        if not candidates:
            return None
        messages = [Message("system", _SYSTEM)]
        for actions, said, answer in _SHOWN:
            messages.append(Message("user", f"Actions: {actions}\nWords: {said}"))
            messages.append(Message("assistant", json.dumps(answer, ensure_ascii=False)))
        listed = "; ".join(map(_line, candidates))
        messages.append(Message("user", f"Actions: {listed}\nWords: {words}"))
        generation = Generation(max_tokens=80, temperature=0, schema=_schema(candidates))
        text = ""
        try:
            async with (
                asyncio.timeout(_SECONDS),
                aclosing(model.stream(messages, generation, lane=Lane.LIVE)) as deltas,
            ):
                async for delta in deltas:
                    text += delta.text
        except TimeoutError:
            log.info("the model took too long to choose a tool")
            return None
        return _chosen(text, words, candidates, fit)


def _chosen(text: str, words: str, candidates: Sequence[Tool], fit: Fit | None) -> Fit | None:
    """The model's choice, with those arguments that the user's words hold."""
    try:
        answer = json.loads(text)
    except ValueError:
        log.info("the model's choice of a tool is no JSON: %.80s", text)
        return None
    name = answer.pop("action", _NONE) if isinstance(answer, dict) else _NONE
    tool = next((tool for tool in candidates if tool.name == name), None)
    if tool is None:
        return None
    if fit is not None and fit.tool is tool:
        return fit
    arguments = {key: value for key, value in answer.items() if _borne_out(value, words)}
    missing = set(tool.parameters.get("required") or ()) - set(arguments)
    return None if missing else Fit(tool, arguments, free=False)


def _borne_out(value: Any, words: str) -> bool:
    """A small model fills places with what it likes: only what was said counts."""
    said = plain(words)
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        found = [number(one) for one in _NUMBER_WORDS.findall(said)]
        return value in found
    return (
        isinstance(value, str)
        and bool(plain(value))
        and plain(value).replace(" ", "") in said.replace(" ", "")
    )


def _askable(tool: Tool) -> bool:
    """Whether its arguments are simple enough to be read out of a sentence."""
    properties = tool.parameters.get("properties") or {}
    return len(properties) <= 6 and all(isinstance(one, Mapping) for one in properties.values())


def _line(tool: Tool) -> str:
    about = tool.description.split(". ")[0].split("\n")[0].strip().rstrip(".")
    names = ", ".join(tool.parameters.get("properties") or {})
    return f"{tool.name}({names}): {about[:80]}" if names else f"{tool.name}: {about[:80]}"


def _schema(candidates: Sequence[Tool]) -> dict[str, Any]:
    none = {
        "type": "object",
        "properties": {"action": {"const": _NONE}},
        "required": ["action"],
        "additionalProperties": False,
    }
    return {"anyOf": [none, *map(_call_schema, candidates)]}


def _call_schema(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"action": {"const": tool.name}, **(tool.parameters.get("properties") or {})},
        "required": ["action", *(tool.parameters.get("required") or ())],
        "additionalProperties": False,
    }
