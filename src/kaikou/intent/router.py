"""Tools for a model that can't be trusted to call them: what is asked for is decided before it answers.

What one of a tool's examples says needs no model. Else words are compared by meaning with what people say
for each tool, and with talk: what is clear is called, and of what is not the model is asked whether it is a
request, held to a JSON schema. Tools that tell no such sentences are found by their descriptions' words.
Arguments count only as far as the words bear them out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence, Set
from contextlib import aclosing
from typing import Any

from kaikou.engines.ports import Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.intent.following import following
from kaikou.intent.matching import Fit, Matcher
from kaikou.intent.meaning import Meaning
from kaikou.intent.numbers import A_LITTLE, SHARE, number
from kaikou.intent.ports import Decision
from kaikou.intent.requests import asks, general
from kaikou.intent.words import HAN, plain

log = logging.getLogger(__name__)

_LONGEST = 120
"""Who asks for something says so in a sentence."""
_NUMBER_WORDS = re.compile(SHARE)

_FORM = 0.1
"""Words that have the form of a request are so much likelier to be one."""
_SURE = 0.2
"""By so much likelier than talk, a tool is called. Of sentences in sight, each told by others, seven in ten
of the requests are, and less than one in a hundred sentences of talk."""
_PERHAPS = -0.1
"""From here the model is asked: of six requests five, of thirty sentences of talk one."""
_COMMAND, _TALK = "command", "talk"
_SYSTEM = (
    f'Classify the user\'s sentence. "{_COMMAND}": the user wants this done now for himself. "{_TALK}": the '
    "user speaks about it, or asks a general question."
)
_SHOWN = (
    ("play a song", "Put on some Mozart", _COMMAND),
    ("tell the time now", "What time do shops open in France?", _TALK),
    ("查询天气", "外面冷不冷？", _COMMAND),
    ("播放音乐", "你觉得音乐是什么？", _TALK),
)


class Router:
    """Decides with examples first, with the answering model where they don't tell; ``seconds`` is the longest
    wait for it, after which the reply is made without tools."""

    offers = False
    refuses = True

    def __init__(self, meaning: Meaning | None = None, seconds: float = 4.0) -> None:
        self._meaning = meaning
        self._seconds = seconds
        self._matcher = Matcher(())

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        words = next((one.content for one in reversed(messages) if one.role == "user"), "").strip()
        if not words or len(words) > _LONGEST:
            return Decision()
        if self._matcher.tools != tuple(tools):
            self._matcher = Matcher(tools)
        fits = self._matcher.several(words)
        if not fits:
            fit = following(words, messages, tools) or self._matcher.fit(words)
            fit = fit or await self._look(words, tools, model)
            fits = [fit] if fit is not None else []
        calls = tuple(
            ToolCall(
                f"call_{len(messages)}_{number}",
                fit.tool.name,
                json.dumps(fit.arguments, ensure_ascii=False),
            )
            for number, fit in enumerate(fits)
        )
        return Decision(calls=calls, plainly=bool(calls))

    async def warm(self, model: LanguageModel, tools: Sequence[Tool]) -> None:
        """Let the model read what it is told each time; tools are made ready to be told by meaning."""
        if self._meaning is not None:
            self._meaning.prepare(tools)
        await model.warm(_told(), _CHOICE)

    async def _look(self, words: str, tools: Sequence[Tool], model: LanguageModel) -> Fit | None:
        """What no example says: by meaning, where a tool tells what people say for it, else by its words."""
        guess = None
        if self._meaning is not None and not general(words):
            guess = await self._meaning.guess(words, tools)
        lead = -1.0 if guess is None else guess.lead + (_FORM if asks(words) else 0)
        if guess is not None and lead >= _PERHAPS:
            tool = next(tool for tool in tools if tool.name == guess.tool)
            if lead < _SURE and not await self._wanted(tool, words, model):
                return None
            return await self._filled(tool, words, model)
        unknown = {tool.name for tool in tools if not tool.said} if guess is not None else None
        return await self._ask(words, model, unknown) if asks(words) else None

    async def _filled(self, tool: Tool, words: str, model: LanguageModel) -> Fit | None:
        """The tool with what the words name for it; None where something it needs isn't said."""
        arguments = self._matcher.arguments(tool, words)
        arguments = _numbers_in(words, tool) | arguments
        if tool.whole and tool.whole not in arguments:
            arguments[tool.whole] = words
        required = set(tool.parameters.get("required") or ()) - set(arguments)
        if required:
            arguments |= await self._arguments(words, tool, model)
        return None if required - set(arguments) else Fit(tool, arguments)

    async def _wanted(self, tool: Tool, words: str, model: LanguageModel) -> bool:
        """Whether the model takes the words for a request."""
        messages = [*_told(), Message("user", _question(_about(tool, words), words))]
        return bool(await self._answer(model, messages, _CHOICE) == _COMMAND)

    async def _ask(self, words: str, model: LanguageModel, among: Set[str] | None) -> Fit | None:
        """Whether the words ask for what they are about; of the tools named ``among``, where given."""
        found = self._matcher.candidates(words)
        tool = next((tool for tool in found if among is None or tool.name in among), None)
        if tool is None:
            return None
        arguments = _numbers_in(words, tool)
        if tool.whole:
            arguments[tool.whole] = words
        required = set(tool.parameters.get("required") or ()) - set(arguments)
        if required and all(_takes_number(tool.parameters["properties"].get(name)) for name in required):
            return None  # a number that nobody said
        if arguments and not required and not tool.whole and self._matcher.named(tool, words):
            return Fit(tool, arguments)  # a request with the number it needs
        if not await self._wanted(tool, words, model):
            return None
        if required:
            arguments |= await self._arguments(words, tool, model)
        return None if required - set(arguments) else Fit(tool, arguments)

    async def _arguments(self, words: str, tool: Tool, model: LanguageModel) -> dict[str, Any]:
        """The arguments that the user's words hold."""
        ask = f"Take the arguments of {tool.name} out of the user's words. {tool.description}"
        schema = {**tool.parameters, "additionalProperties": False}
        messages = [Message("system", ask), Message("user", words)]
        generation = Generation(max_tokens=120, temperature=0, schema=schema)
        given = await self._answer(model, messages, generation)
        if not isinstance(given, dict):
            return {}
        return {key: value for key, value in given.items() if _borne_out(value, words)}

    async def _answer(self, model: LanguageModel, messages: list[Message], generation: Generation) -> Any:
        """The model's JSON; None where it gives none in time."""
        text = ""
        try:
            async with (
                asyncio.timeout(self._seconds),
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


_CHOICE = Generation(max_tokens=10, temperature=0, schema={"enum": [_COMMAND, _TALK]})


def _question(about: str, words: str) -> str:
    return f"Topic: {about}\nSentence: {words}"


def _told() -> list[Message]:
    messages = [Message("system", _SYSTEM)]
    for about, said, answer in _SHOWN:
        messages.append(Message("user", _question(about, said)))
        messages.append(Message("assistant", json.dumps(answer)))
    return messages


def _numbers_in(words: str, tool: Tool) -> dict[str, Any]:
    """The one number of the words, where the tool takes just one."""
    counted = A_LITTLE.sub(" ", plain(words))
    said = [value for one in _NUMBER_WORDS.findall(counted) if (value := number(one)) is not None]
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


def _about(tool: Tool, words: str) -> str:
    """What the tool does, in a line, in the words' own script where the description has one."""
    parts = [part.strip(" \n。.") for part in re.split(r"(?<=[.。])\s+|\n", tool.description) if part.strip()]
    chinese = [part for part in parts if HAN.search(part)]
    own = chinese if HAN.search(words) else [part for part in parts if part not in chinese]
    about = next(iter(own or parts), tool.name)
    return f"{about[:1].lower()}{about[1:80]}"
