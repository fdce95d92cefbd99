"""From a question to the words of an answer, the server's tools called on the way.

The model is asked, calls tools, is asked again with what they gave, until it answers in words. All of it
is one reply: stopping it stops whatever is under way. Nothing is called for a guess before it is sure.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing

from kaikou.dialogue.events import Event
from kaikou.dialogue.history import History
from kaikou.dialogue.items import AudioPart, Item, TextPart, new_id
from kaikou.dialogue.speaking.emotion import EmotionFilter
from kaikou.dialogue.speaking.reply import Reply
from kaikou.dialogue.speaking.replying import Think
from kaikou.dialogue.thinking.company import Company
from kaikou.dialogue.thinking.prompt import Question, Thinking
from kaikou.dialogue.tool_calls import phrases as tool_phrases
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.dialogue.tool_calls.items import ToolItems
from kaikou.dialogue.tool_calls.round import ToolRound, closing_words
from kaikou.dialogue.units import count_units
from kaikou.engines.ports import Delta, FinishReason, Lane, Tool, ToolCall, ToolChoice, Usage
from kaikou.intent.ports import Decision

log = logging.getLogger(__name__)

Thoughts = AsyncGenerator[Delta, None]
"""A model's answer as it comes; closing it stops the model."""


class Answering:
    """One session's. ``pending`` gives the transcriptions under way, ``language`` the language in force."""

    def __init__(
        self,
        thinking: Thinking,
        history: History,
        *,
        hands: Hands | None,
        company: Company,
        emit: Callable[[Event], None],
        pending: Callable[[], Collection[asyncio.Task[None]]],
        language: Callable[[], str | None],
    ) -> None:
        self.thinking = thinking
        self.history = history
        self.hands = hands
        self.company = company
        self.emit = emit
        self.pending = pending
        self.language = language
        self.round: ToolRound | None = None
        """The calls under way, if there are any."""
        self.filler = ""
        """What was said last while a tool worked."""

    def answer(self, question: Question) -> Think:
        """The answer to ``question``, begun when the reply is."""
        return lambda reply: Answer(self, reply, question).thoughts()


class Answer:
    """One reply's."""

    def __init__(self, session: Answering, reply: Reply, question: Question) -> None:
        self._session = session
        self._reply = reply
        self._question = question
        self._hands = session.hands if question.of_conversation else None
        self._items = ToolItems(session.history, session.emit, reply)
        self._words = ""
        """The user's, that are answered."""
        self._note = ""
        self._rounds: list[ToolRound] = []
        self._said: dict[str, Item] = {}
        """What the model said before its calls, by the item id of the first of them."""
        self._text = ""
        """What it said last."""
        self._calls: list[ToolCall] = []
        """What it wants called."""
        self._plainly = False
        """What tools give is spoken in their own words, where they have some."""
        self._finish: FinishReason = "stop"
        self._usage: Usage | None = None

    async def thoughts(self) -> Thoughts:
        """Deltas of the whole answer; the calls among them are the client's."""
        decision = await self._prepare()
        self._calls, self._plainly = list(decision.calls), decision.plainly
        choice: ToolChoice | None = None
        theirs: list[ToolCall] = []
        again = False
        while True:
            if not self._calls:
                async with aclosing(self._ask(decision.offer, choice)) as words:
                    async for text in words:
                        yield Delta(text=text)
            known = {tool.name for tool in self._session.thinking.client_tools(self._question.request)}
            called = bool(decision.offer or decision.calls)
            ours = [one for one in self._calls if called and one.name not in known]
            theirs = [one for one in self._calls if one not in ours]
            if not ours or self._hands is None or choice == "none":
                if again or not self._at_a_loss(theirs):
                    break
                again = True
                continue
            async with aclosing(self._use(self._hands, ours)) as words:
                async for text in words:
                    yield Delta(text=text)
            if theirs or self._rounds[-1].answered:
                self._finish = "stop"
                break
            self._calls = []
            limit = self._hands.settings.max_rounds
            choice = "none" if len(self._rounds) >= limit else "auto"
        if choice == "none":
            theirs = []
        if self._at_a_loss(theirs):
            yield Delta(text=tool_phrases.say_again(self._spoken_in))
        elif not theirs and not self._reply.text.strip() and not self._text:
            yield Delta(text=closing_words(self._rounds, self._spoken_in))
        for call in theirs:
            yield Delta(tool_call=call)
        yield Delta(usage=self._usage, finish="tool_calls" if theirs else self._finish)

    def _at_a_loss(self, theirs: Sequence[ToolCall]) -> bool:
        """The model ended its answer before the first word, or gave nothing but a feeling, as small ones now
        and then do: whoever spoke would be left without any."""
        if theirs or self._rounds or not self._question.of_conversation:
            return False
        seen = EmotionFilter()
        return not count_units(seen.feed(self._text) + seen.finish())

    async def _prepare(self) -> Decision:
        """Wait for words still being recognised, and learn what there is to know of them."""
        session, question = self._session, self._question
        if question.supposed is None and (pending := session.pending()):
            await asyncio.wait(list(pending))
        asked = [item for item in session.thinking.items(question) if item.role == "user"]
        heard = question.heard
        if asked:
            self._words = asked[-1].text
            heard = heard or next((one.audio for one in asked[-1].parts if isinstance(one, AudioPart)), None)
        if session.company and question.of_conversation and self._words:
            self._note = await session.company.enrich(self._words, heard)
        return await self._decide()

    async def _decide(self) -> Decision:
        thinking, hands = self._session.thinking, self._hands
        tools = hands.tools() if hands is not None else ()
        if hands is None or not tools or thinking.generation(self._question.request).tool_choice == "none":
            return Decision()
        try:
            messages = thinking.messages(self._question, note=self._note)
            return await hands.intent.decide(messages, tools, thinking.model)
        except Exception:
            log.warning("it could not be decided which tools are needed", exc_info=True)
            return Decision()

    async def _ask(self, offer: tuple[Tool, ...], choice: ToolChoice | None) -> AsyncGenerator[str, None]:
        """The model's words, with what the tools gave so far; what it calls is in ``_calls`` then."""
        thinking, request = self._session.thinking, self._question.request
        messages = thinking.messages(
            self._question, reply_item=self._reply.item_id, said=self._said, note=self._note
        )
        generation = thinking.generation(request, offer, choice)
        self._text, self._finish = "", "stop"
        async with aclosing(thinking.model.stream(messages, generation, lane=Lane.LIVE)) as deltas:
            async for delta in deltas:
                if delta.text:
                    self._text += delta.text
                    yield delta.text
                if delta.tool_call is not None:
                    self._calls.append(delta.tool_call)
                if delta.finish is not None:
                    self._finish = delta.finish
                self._count(delta.usage)

    async def _use(self, hands: Hands, calls: Sequence[ToolCall]) -> AsyncGenerator[str, None]:
        """Call tools of the server; what is said meanwhile."""
        session, audio = self._session, self._reply.plan.audio
        hands.caller.heard_in = self._spoken_in
        await self._reply.sure.wait()
        said = self._text.strip()
        if said:
            yield "\n"  # what was said is whole, and can be spoken while the tools work
        bridge = ""
        if audio and not (self._rounds and self._rounds[-1].bridged):
            bridge = tool_phrases.filler(self._spoken_in, session.filler)
        this = session.round = ToolRound(
            hands, self._items, calls, bridge=bridge, said=bool(said), plainly=self._plainly
        )
        self._rounds.append(this)
        self._reply.when_stopped = this.stop
        try:
            async with aclosing(this.words()) as words:
                async for text in words:
                    yield f"{text}\n"
        finally:
            self._reply.when_stopped = None
            if session.round is this:
                session.round = None
        if this.bridged:
            session.filler = bridge
        if said:
            part = AudioPart(said) if audio else TextPart(said)
            self._said[this.first_id] = Item(new_id("item"), role="assistant", parts=(part,))
        self._reply.later.extend(this.later)

    @property
    def _spoken_in(self) -> str:
        return tool_phrases.spoken_in(self._session.language(), self._words)

    def _count(self, usage: Usage | None) -> None:
        if usage is not None:
            known = self._usage or Usage()
            self._usage = Usage(
                known.prompt_tokens + usage.prompt_tokens,
                known.cached_tokens + usage.cached_tokens,
                known.completion_tokens + usage.completion_tokens,
            )
