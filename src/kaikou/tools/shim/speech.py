"""``conn.tts`` and its queues: what a plugin puts to be heard is spoken, or played after the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kaikou.tools.shim.dialogue import ContentType, TTSMessageDTO

if TYPE_CHECKING:
    from kaikou.tools.shim.connection import Connection


class Speech:
    """``conn.tts``: what is put there is spoken, sound files are played."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tts_text_queue = SpeechQueue(connection)
        self.tts_audio_queue = SoundQueue(connection)
        self.tts_queue = Spoken()

    def store_tts_text(self, sentence_id: str | None, text: str) -> None:
        """Nothing to do: what is spoken is shown as well."""

    def to_tts(self, text: str) -> str:
        """The words themselves stand for the file that is made of them there."""
        return Words(text)

    def audio_to_opus_data(self, audio_file_path: str) -> tuple[Sound, float]:
        """A sound file, or words, to be put to be heard, and a length that nobody counts by here."""
        return Sound(audio_file_path), 0.0

    def tts_one_sentence(
        self,
        conn: Connection,
        content_type: ContentType,
        content_detail: str | None = None,
        content_file: str | None = None,
        sentence_id: str | None = None,
    ) -> None:
        _hear(self._connection, content_type, content_detail, content_file)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.tts.{name} has no counterpart in Kaikou")


class Words(str):
    """What is spoken once it is put to be heard."""

    __slots__ = ()


class Sound(list[bytes]):
    """In place of a file's packets: the file, or words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source


class Spoken:
    """``conn.tts_queue``: takes what ``conn.speak_and_play`` came to, which is on its way already."""

    def put(self, part: Any, block: bool = True, timeout: float | None = None) -> None:
        """Nothing to do."""

    put_nowait: Callable[..., None] = put


class SoundQueue:
    """``conn.tts.tts_audio_queue``, ``conn.audio_play_queue``: takes what ``audio_to_opus_data`` gave."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, part: Any, block: bool = True, timeout: float | None = None) -> None:
        if isinstance(part, TTSMessageDTO):
            part = part.content
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, Sound) and isinstance(one.source, Words):
                self._connection.say(one.source)
            elif isinstance(one, Sound):
                self._connection.play(one.source, None)
            elif isinstance(one, list | bytes) and one:
                raise TypeError("packets can't be played: give what conn.tts.audio_to_opus_data gave")

    put_nowait: Callable[..., None] = put

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.tts.tts_audio_queue.{name} has no counterpart in Kaikou")


class SpeechQueue:
    """Takes parts of what is to be heard."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, part: TTSMessageDTO, block: bool = True, timeout: float | None = None) -> None:
        _hear(self._connection, part.content_type, part.content_detail, part.content_file)

    put_nowait: Callable[..., None] = put

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.tts.tts_text_queue.{name} has no counterpart in Kaikou")


def _hear(connection: Connection, kind: ContentType | None, detail: str | None, file: str | None) -> None:
    if kind is ContentType.TEXT and detail:
        connection.say(detail)
    elif kind is ContentType.FILE and file:
        connection.play(file, detail)
