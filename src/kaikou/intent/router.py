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

_MOST = 4
_LONGEST = 120
"""Who asks for something says so in a sentence."""
_SECONDS = 6.0
"""Longest wait for the model's choice; the reply is made without tools then."""
_NONE = "none"
_NUMBER_WORDS = re.compile(SHARE)

_SYSTEM = (
    "Which action do the user's words ask for right now? To talk about a subject, about other people or "
    f'about the past is not to ask for an action: that is "{_NONE}". Answer with the name in quotes.'
)
_SHOWN = (
    ("get_time: tell the time now", "Time flies when you are having fun.", _NONE),
    ("set_volume: set how loud you are", "把声音开到四十", "set_volume"),
    ("play_music: play a song; get_news: tell the news", "我小时候很喜欢听歌。", _NONE),
    ("play_music: play a song", "Put on some Mozart", "play_music"),
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

    async def warm(self, model: LanguageModel) -> None:
        """Let the model read what it is told each time."""
        await model.warm(_told(), _generation((_NONE,)))

    async def _ask(self, words: str, fit: Fit | None, model: LanguageModel) -> Fit | None:
        """What the model makes of the words; ``fit`` is what they look like."""
        candidates = self._matcher.candidates(words)
        if fit is not None:
            candidates = [fit.tool, *(tool for tool in candidates if tool.name != fit.tool.name)][:_MOST]
        if not candidates:
            return None
        actions = "; ".join(map(_line, candidates))
        messages = [*_told(), Message("user", f"Actions: {actions}\nWords: {words}")]
        name = await _answer(model, messages, _generation([tool.name for tool in candidates] + [_NONE]))
        tool = next((tool for tool in candidates if tool.name == name), None)
        if tool is None:
            return None
        if fit is not None and fit.tool is tool:
            return fit
        arguments = _numbers_in(words, tool)
        required = set(tool.parameters.get("required") or ()) - set(arguments)
        if required:
            arguments |= await self._arguments(words, tool, model)
        return None if required - set(arguments) else Fit(tool, arguments, free=False)

    async def _arguments(self, words: str, tool: Tool, model: LanguageModel) -> dict[str, Any]:
        """The arguments that the user's words hold."""
        ask = f"Take the arguments of {tool.name} out of the user's words. {tool.description}"
        schema = {**tool.parameters, "additionalProperties": False}
        messages = [Message("system", ask), Message("user", words)]
        given = await _answer(model, messages, Generation(max_tokens=120, temperature=0, schema=schema))
        if not isinstance(given, dict):
            return {}
        return {key: value for key, value in given.items() if _borne_out(value, words)}


def _told() -> list[Message]:
    messages = [Message("system", _SYSTEM)]
    for actions, said, answer in _SHOWN:
        messages.append(Message("user", f"Actions: {actions}\nWords: {said}"))
        messages.append(Message("assistant", json.dumps(answer)))
    return messages


def _generation(names: Sequence[str]) -> Generation:
    return Generation(max_tokens=40, temperature=0, schema={"enum": list(names)})


async def _answer(model: LanguageModel, messages: list[Message], generation: Generation) -> Any:
    """The model's JSON; None where it gives none in time."""
    text = ""
    try:
        async with (
            asyncio.timeout(_SECONDS),
            aclosing(model.stream(messages, generation, lane=Lane.LIVE)) as deltas,
        ):
            async for delta in deltas:
                text += delta.text
        return json.loads(text)
    except TimeoutError:
        log.info("the model took too long to choose a tool")
    except ValueError:
        log.info("the model's choice of a tool is no JSON: %.80s", text)
    return None


def _numbers_in(words: str, tool: Tool) -> dict[str, Any]:
    """The one number of the words, where the tool takes just one."""
    said = [value for one in _NUMBER_WORDS.findall(plain(words)) if (value := number(one)) is not None]
    properties = tool.parameters.get("properties") or {}
    names = [name for name, schema in properties.items() if _takes_number(schema)]
    required = [name for name in names if name in (tool.parameters.get("required") or ())]
    return {required[0]: said[0]} if len(said) == len(required) == 1 else {}


def _takes_number(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") in ("integer", "number")


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


def _line(tool: Tool) -> str:
    about = tool.description.split(". ")[0].split("\n")[0].strip().rstrip(".")
    return f"{tool.name}: {about[:1].lower()}{about[1:80]}"
