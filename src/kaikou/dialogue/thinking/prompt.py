"""What a session asks its language model: the prompt, and how to answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.history import History, PromptWindow, to_messages
from kaikou.dialogue.items import AudioPart, Item, new_id
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.thinking.company import Company
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.engines.ports import Generation, LanguageModel, Message, Tool, ToolChoice
from kaikou.intent.ports import Warms


@dataclass(frozen=True, slots=True)
class Question:
    """What a reply answers: the history, with what the client asked of this reply (``request``), and, for
    a guess, the words the user is supposed to say (``supposed``, ``heard`` is their sound)."""

    request: ReplyRequest | None = None
    supposed: Item | None = None
    heard: Pcm | None = None

    @property
    def of_conversation(self) -> bool:
        """It is asked in the conversation, on its whole history."""
        return self.request is None or (self.request.in_conversation and self.request.input is None)


class Thinking:
    """One session's prompts. ``config`` gives the configuration in force, ``manners`` the instructions
    while the session has none."""

    def __init__(
        self,
        model: LanguageModel,
        history: History,
        *,
        config: Callable[[], SessionConfig],
        manners: str,
        history_tokens: int,
        hands: Hands | None,
        company: Company,
    ) -> None:
        self.model = model
        self._history = history
        self._config = config
        self._manners = manners
        self._hands = hands
        self._company = company
        self._prompt = PromptWindow(history_tokens)

    def items(self, question: Question) -> tuple[Item, ...]:
        """The history, with what the user is supposed to have said."""
        items, supposed = self._history.items, question.supposed
        return (*items, supposed) if supposed is not None and supposed.id not in self._history else items

    def messages(
        self,
        question: Question,
        *,
        reply_item: str = "",
        said: Mapping[str, Item] | None = None,
        note: str = "",
    ) -> list[Message]:
        """The prompt. The message of the reply itself (``reply_item``) is left out; what it ``said``
        already stands before the call that followed, by that call's item id. ``note`` comes right before
        the user's last words: what is before it stays the same, and in the model's cache."""
        request = question.request
        instructions = self._instructions
        if request is not None and request.instructions is not None:
            instructions = request.instructions
        if request is not None and request.input is not None:
            chosen = [self._history.get(one) if isinstance(one, str) else one for one in request.input]
            return to_messages(instructions, chosen)
        items: list[Item] = []
        for item in self.items(question):
            if said and item.id in said:
                items.append(said[item.id])
            if item.id != reply_item:
                items.append(item)
        messages = self._prompt.messages(instructions, items)
        if note:
            asked = max((at for at, one in enumerate(messages) if one.role == "user"), default=len(messages))
            messages.insert(asked, Message("system", note))
        return messages

    def generation(
        self, request: ReplyRequest | None, offer: tuple[Tool, ...] = (), choice: ToolChoice | None = None
    ) -> Generation:
        """How to answer; ``offer`` are the server's tools, ``choice`` says more than the client did."""
        config, asked = self._config(), request or ReplyRequest()
        theirs = self.client_tools(request)
        names = {tool.name for tool in theirs}
        wanted = asked.tool_choice if asked.tool_choice is not None else config.tool_choice
        return Generation(
            max_tokens=asked.max_tokens if asked.max_tokens is not None else config.max_tokens,
            temperature=asked.temperature if asked.temperature is not None else config.temperature,
            tools=(*theirs, *(tool for tool in offer if tool.name not in names)),
            tool_choice=wanted if choice is None else choice,
            parallel_tool_calls=config.parallel_tool_calls,
        )

    def client_tools(self, request: ReplyRequest | None) -> tuple[Tool, ...]:
        """The functions that the client carries out itself."""
        asked = request.tools if request is not None else None
        return asked if asked is not None else self._config().tools

    async def warm(self, words: str | None = None) -> None:
        """Let the model read what every answer begins with, and the ``words`` of the user's turn known
        so far. Raises what the engine raises."""
        supposed = None
        if words is not None:
            supposed = Item(new_id("item"), role="user", parts=(AudioPart(words),))
        messages, hands = self.messages(Question(supposed=supposed)), self._hands
        if messages:
            offer = hands.tools() if hands is not None and hands.intent.offers else ()
            await self.model.warm(messages, self.generation(None, offer))
        if words is None and hands is not None and isinstance(hands.intent, Warms) and (own := hands.tools()):
            await hands.intent.warm(self.model, own)

    @property
    def _instructions(self) -> str:
        instructions = self._config().instructions or self._manners
        return "\n\n".join(text for text in (instructions, self._company.opening) if text)
