"""People known by voice: asked for consent, enrolled from recordings, recognised, forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, SpeakerEncoder, Voiceprint
from kaikou.errors import InvalidInput, KaikouError, LimitReached, NotFound
from kaikou.settings.tree import SpeakerSettings
from kaikou.speakers.ports import EncoderSource, OnChange
from kaikou.speakers.utterances import RATE, utterances
from kaikou.speakers.voices import KnownVoices, Score, decided, line
from kaikou.store.records import now
from kaikou.store.speakers import PrintRow, SpeakerRepository, SpeakerRow

CONSENT = {
    "en": "I agree that this server keeps a print of my voice to tell me from other people. It can be "
    "deleted at any time.",
    "zh": "我同意本服务器保存我的声纹，用于把我和其他人区分开。声纹可随时删除。",
}
"""Proposed words; whoever asks for consent may use others."""
PATIENCE = 30.0
MAX_NAME, MAX_CONSENT = 100, 2_000


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody, and how much of their voice is known to the encoder in use."""

    row: SpeakerRow
    utterances: int = 0
    seconds: float = 0.0
    ready: bool = False
    """There are enough prints to be recognised by."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of a recording: how many prints, and why pieces of it gave none."""

    speaker: Speaker
    added: int
    refused: tuple[KaikouError, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose voice it was (None: nobody's that is known)."""

    speaker_id: str | None
    scores: tuple[Score, ...]
    seconds: float
    """Of voice in it."""
    threshold: float
    """The score from which it is somebody."""


class SpeakerLibrary:
    """Everybody who agreed to be known."""

    def __init__(
        self,
        repository: SpeakerRepository,
        encoder: EncoderSource,
        pool: Pool,
        settings: SpeakerSettings,
        on_change: OnChange,
    ) -> None:
        self._repository = repository
        self._encoder = encoder
        self._pool = pool
        self._settings = settings
        self._on_change = on_change
        self._known: KnownVoices | None = None
        """As compared last; None once something changed."""
        self._names: dict[str, str] = {}

    # -- people

    async def all(self) -> list[Speaker]:
        """By name."""
        prints = await self._repository.prints()
        return [self._counted(row, prints) for row in await self._repository.all()]

    async def get(self, speaker_id: str) -> Speaker:
        """NotFound ``speaker_not_found``."""
        row = await self._repository.get(speaker_id)
        if row is None:
            raise NotFound(f"There is no speaker {speaker_id[:60]!r}.", code="speaker_not_found", param="id")
        return self._counted(row, await self._repository.prints(speaker_id))

    async def add(self, name: str, consent: Mapping[str, str]) -> Speaker:
        """Somebody who agreed. Errors: ``speakers_off``, ``consent_needed``, ``invalid_speaker``,
        ``speakers_limit``."""
        self._must_be_on()
        by, text = consent.get("by", "").strip(), consent.get("text", "").strip()
        if not by or not text or len(by) > MAX_NAME or len(text) > MAX_CONSENT:
            raise InvalidInput(
                "Nobody is known by voice without having agreed.",
                code="consent_needed",
                hint="Say who agreed (`by`) and to which words (`text`).",
                param="consent",
            )
        name = _checked(name)
        if len(await self._repository.all()) >= self._settings.max_speakers:
            raise LimitReached(
                f"{self._settings.max_speakers} people are known already.",
                code="speakers_limit",
                hint="Delete some, or raise KAIKOU_SPEAKER__MAX_SPEAKERS.",
            )
        moment = now()
        given = {"by": by, "text": text, "at": moment.isoformat()}
        row = SpeakerRow(f"spk_{secrets.token_hex(8)}", name, given, moment, moment)
        await self._repository.add(row)
        self._changed(row.id, "added")
        return Speaker(row)

    async def rename(self, speaker_id: str, name: str) -> Speaker:
        """Errors: ``speaker_not_found``, ``invalid_speaker``."""
        await self._repository.change(speaker_id, name=_checked(name), updated_at=now())
        found = await self.get(speaker_id)
        self._changed(speaker_id, "changed")
        return found

    async def delete(self, speaker_id: str) -> None:
        """With all prints, at once and for good."""
        if not await self._repository.delete(speaker_id):
            await self.get(speaker_id)
        self._changed(speaker_id, "deleted")

    async def heard(self, moments: Mapping[str, datetime]) -> None:
        """Note when each was heard last."""
        for speaker_id, moment in moments.items():
            await self._repository.change(speaker_id, last_heard=moment)

    # -- voices

    async def enrol(self, speaker_id: str, recording: bytes) -> Enrolled:
        """Add prints from a recording in any format, one for each utterance in it. Errors:
        ``speaker_not_found``, ``speakers_off``, ``no_voice``, ``unreadable_audio``, ``audio_too_long``."""
        self._must_be_on()
        before = await self.get(speaker_id)
        encoder = await self._encoder(PATIENCE)
        pieces = await self._pool.run("speaker", Lane.INTERACTIVE, self._pieces, recording)
        rows: list[PrintRow] = []
        refused: list[KaikouError] = []
        room = self._settings.max_utterances - before.utterances
        for piece in pieces:
            made = await encoder.encode(piece, lane=Lane.INTERACTIVE)
            if made.seconds < self._settings.min_seconds:
                refused.append(_too_short(made.seconds, self._settings.min_seconds))
            elif len(rows) >= room:
                refused.append(_enough(self._settings.max_utterances))
                break
            else:
                rows.append(_row(speaker_id, encoder, made))
        if not rows:
            raise refused[0] if refused else _too_short(0.0, self._settings.min_seconds)
        # Somebody may have been deleted meanwhile: their voice must not come back.
        await self.get(speaker_id)
        await self._repository.add_prints(rows)
        self._changed(speaker_id, "changed")
        return Enrolled(await self.get(speaker_id), len(rows), tuple(refused))

    async def start_over(self, speaker_id: str) -> Speaker:
        """Throw away somebody's prints, for good."""
        await self.get(speaker_id)
        await self._repository.drop_prints(speaker_id)
        self._changed(speaker_id, "changed")
        return await self.get(speaker_id)

    async def recognise(
        self, audio: Pcm, *, patience: float = PATIENCE, lane: Lane = Lane.INTERACTIVE
    ) -> Recognised:
        """Whose voice it is. Errors: ``speakers_off``, NotReady while the encoder loads."""
        self._must_be_on()
        encoder = await self._encoder(patience)
        made = await encoder.encode(audio, lane=lane)
        known = await self._voices(encoder)
        threshold = self.threshold(encoder, len(known.ids))
        if made.seconds < self._settings.min_seconds:
            return Recognised(None, (), made.seconds, threshold)
        scores = known.scores(made.vector)
        return Recognised(decided(scores, threshold), tuple(scores), made.seconds, threshold)

    async def recognise_recording(self, recording: bytes) -> Recognised:
        """The same for a file."""
        self._must_be_on()
        return await self.recognise(await self._pool.run("speaker", Lane.INTERACTIVE, self._read, recording))

    async def anybody(self) -> bool:
        """Whether somebody can be recognised; without loading a model."""
        if self._known is not None:
            return bool(self._known.ids)
        return any(speaker.ready for speaker in await self.all())

    async def name_of(self, speaker_id: str) -> str | None:
        if speaker_id not in self._names:
            self._names = {row.id: row.name for row in await self._repository.all()}
        return self._names.get(speaker_id)

    def threshold(self, encoder: SpeakerEncoder, people: int) -> float:
        """The score from which it is somebody, of so many known."""
        chosen = self._settings.threshold
        return line(encoder.threshold, people) if chosen is None else chosen

    # -- inside

    async def _voices(self, encoder: SpeakerEncoder) -> KnownVoices:
        known = self._known
        if known is None or known.encoder != encoder.identity:
            prints = await self._repository.prints()
            known = self._known = KnownVoices.of(prints, encoder.identity, self._settings.needed)
        return known

    def _pieces(self, recording: bytes) -> list[Pcm]:
        return utterances(self._read(recording), self._settings.min_seconds * 1.5)

    def _read(self, recording: bytes) -> Pcm:
        """Blocking."""
        return decode(recording, RATE, max_seconds=self._settings.max_recording_seconds)

    def _counted(self, row: SpeakerRow, prints: tuple[PrintRow, ...]) -> Speaker:
        own = [one for one in prints if one.speaker_id == row.id]
        # Prints of another encoder can't be compared: such a voice has to be recorded anew.
        latest = [one for one in own if one.encoder == own[-1].encoder]
        return replace(
            Speaker(row),
            utterances=len(latest),
            seconds=sum(one.seconds for one in latest),
            ready=len(latest) >= self._settings.needed,
        )

    def _must_be_on(self) -> None:
        if not self._settings.enabled:
            raise InvalidInput(
                "Telling people by their voices is switched off.",
                code="speakers_off",
                hint="Set KAIKOU_SPEAKER__ENABLED=true and start again.",
                status=409,
            )

    def _changed(self, speaker_id: str, change: str) -> None:
        self._known = None
        self._names.clear()
        self._on_change(id=speaker_id, change=change)


def _row(speaker_id: str, encoder: SpeakerEncoder, made: Voiceprint) -> PrintRow:
    vector = made.vector.astype("<f4").tobytes()
    return PrintRow(
        f"print_{secrets.token_hex(8)}", speaker_id, encoder.identity, vector, made.seconds, now()
    )


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidInput(
            f"A speaker's name has 1 to {MAX_NAME} characters.", code="invalid_speaker", param="name"
        )
    return name


def _too_short(seconds: float, needed: float) -> InvalidInput:
    return InvalidInput(
        f"There are {seconds:.1f} seconds of voice in it; {needed:g} are needed.",
        code="no_voice",
        hint="Speak a sentence, near the microphone.",
        param="file",
    )


def _enough(most: int) -> InvalidInput:
    return InvalidInput(
        f"{most} utterances are known already.",
        code="enough_recorded",
        hint="Start over to record the voice anew.",
        status=409,
    )
