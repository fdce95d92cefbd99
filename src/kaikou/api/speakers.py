"""``/api/speakers``: people known by voice, with their consent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.api.uploads import FILE_FORM, received
from kaikou.engines.ports import SpeakerEncoder
from kaikou.engines.selection import choose
from kaikou.errors import InvalidInput, KaikouError, NotReady
from kaikou.speakers.library import CONSENT, Recognised, Speaker
from kaikou.speakers.room import SpeakerRoom

router = APIRouter(
    prefix="/api/speakers",
    tags=["speakers"],
    responses={404: {"model": Problem}, 409: {"model": Problem}, 422: {"model": Problem}},
)


class ConsentOut(BaseModel):
    by: str = Field(description="Who agreed.")
    text: str = Field(description="To which words.")
    at: datetime


class SpeakerOut(BaseModel):
    id: str
    name: str
    utterances: int = Field(description="Prints of the voice.")
    seconds: float = Field(description="Of voice that they were made of.")
    ready: bool = Field(description="There are enough to be recognised by.")
    consent: ConsentOut
    created_at: datetime
    updated_at: datetime
    last_heard: datetime | None


class EncoderOut(BaseModel):
    name: str
    title: str
    state: Literal["off", "waiting", "loading", "ready", "failed"]
    detail: str


class SpeakersOut(BaseModel):
    speakers: list[SpeakerOut]
    enabled: bool
    engine: EncoderOut
    threshold: float | None = Field(description="Likeness from which it is somebody; null: not known yet.")
    needed: int = Field(description="Utterances needed before somebody is recognised.")
    consent_text: dict[str, str] = Field(description="Proposed words, by language.")


class ConsentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Annotated[str, Field(max_length=100)] = Field("", description="Who agrees.")
    text: Annotated[str, Field(max_length=2_000)] = Field("", description="To which words.")


class NewSpeaker(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    consent: ConsentIn = Field(default_factory=ConsentIn)


class Renamed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


class Refused(BaseModel):
    code: str
    message: str


class EnrolledOut(SpeakerOut):
    added: int
    refused: list[Refused] = Field(description="Why pieces of the recording gave no print.")


class Named(BaseModel):
    id: str
    name: str


class ScoreOut(Named):
    score: float


class RecognisedOut(BaseModel):
    speaker: Named | None = Field(description="null: nobody's voice that is known.")
    scores: list[ScoreOut]
    threshold: float
    seconds: float = Field(description="Of voice in it.")


@router.get("")
async def list_speakers(runtime: RuntimeDep) -> SpeakersOut:
    """By name, with how the feature does."""
    room = speakers_of(runtime)
    settings = runtime.settings.speaker
    encoder = _encoder(runtime)
    everybody = await room.library.all()
    threshold = settings.threshold
    if encoder is not None:
        threshold = room.library.threshold(encoder, sum(one.ready for one in everybody))
    return SpeakersOut(
        speakers=[_shown(one) for one in everybody],
        enabled=settings.enabled,
        engine=_state(runtime, encoder),
        threshold=threshold,
        needed=settings.needed,
        consent_text=CONSENT,
    )


@router.post("", status_code=201)
async def add_speaker(body: NewSpeaker, runtime: RuntimeDep) -> SpeakerOut:
    """Somebody who agreed to be known by voice."""
    return _shown(await speakers_of(runtime).library.add(body.name, body.consent.model_dump()))


@router.post("/identify", openapi_extra=FILE_FORM)
async def identify(request: Request, runtime: RuntimeDep) -> RecognisedOut:
    """Whose voice is in a recording (form field ``file``)."""
    library = speakers_of(runtime).library
    found = await library.recognise_recording(await _file(request, runtime))
    return await _told(runtime, found)


@router.patch("/{speaker_id}")
async def rename_speaker(speaker_id: str, body: Renamed, runtime: RuntimeDep) -> SpeakerOut:
    return _shown(await speakers_of(runtime).library.rename(speaker_id, body.name))


@router.delete("/{speaker_id}", status_code=204)
async def delete_speaker(speaker_id: str, runtime: RuntimeDep) -> None:
    """With all prints of the voice, at once and for good."""
    await speakers_of(runtime).library.delete(speaker_id)


@router.post("/{speaker_id}/recordings", openapi_extra=FILE_FORM, responses={413: {"model": Problem}})
async def add_recording(speaker_id: str, request: Request, runtime: RuntimeDep) -> EnrolledOut:
    """Make prints from a recording (form field ``file``, any format), one for each utterance in it. The
    recording is not kept."""
    library = speakers_of(runtime).library
    await library.get(speaker_id)
    done = await library.enrol(speaker_id, await _file(request, runtime))
    refused = [Refused(code=one.code, message=one.message) for one in done.refused]
    return EnrolledOut(**_shown(done.speaker).model_dump(), added=done.added, refused=refused)


@router.delete("/{speaker_id}/recordings")
async def start_over(speaker_id: str, runtime: RuntimeDep) -> SpeakerOut:
    """Throw away somebody's prints, for good."""
    return _shown(await speakers_of(runtime).library.start_over(speaker_id))


def speakers_of(runtime: Runtime) -> SpeakerRoom:
    if runtime.speakers is None:
        raise NotReady("The server is still starting.")
    return runtime.speakers


def _shown(one: Speaker) -> SpeakerOut:
    row = one.row
    return SpeakerOut(
        id=row.id,
        name=row.name,
        utterances=one.utterances,
        seconds=round(one.seconds, 1),
        ready=one.ready,
        consent=ConsentOut.model_validate(dict(row.consent)),
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_heard=row.last_heard,
    )


def _encoder(runtime: Runtime) -> SpeakerEncoder | None:
    """The encoder, where it has been loaded."""
    assert runtime.shelf is not None
    found: Any = runtime.shelf.loaded("speaker", choose(runtime.settings).speaker)
    encoder: SpeakerEncoder | None = found
    return encoder


def _state(runtime: Runtime, encoder: SpeakerEncoder | None) -> EncoderOut:
    name = choose(runtime.settings).speaker
    if not runtime.settings.speaker.enabled:
        return EncoderOut(
            name=name, title=name, state="off", detail="Set KAIKOU_SPEAKER__ENABLED=true to switch it on."
        )
    if encoder is None:
        return EncoderOut(name=name, title=name, state="waiting", detail="Loaded when it is first needed.")
    health = encoder.health()
    state: Literal["ready", "failed"] = "failed" if health.state == "failed" else "ready"
    return EncoderOut(name=name, title=encoder.card.title, state=state, detail=health.detail)


async def _told(runtime: Runtime, found: Recognised) -> RecognisedOut:
    library = speakers_of(runtime).library
    names = {one.row.id: one.row.name for one in await library.all()}
    speaker = found.speaker_id
    return RecognisedOut(
        speaker=Named(id=speaker, name=names[speaker]) if speaker in names else None,
        scores=[
            ScoreOut(id=one.speaker_id, name=names[one.speaker_id], score=one.score)
            for one in found.scores
            if one.speaker_id in names
        ],
        threshold=found.threshold,
        seconds=found.seconds,
    )


async def _file(request: Request, runtime: Runtime) -> bytes:
    most = runtime.settings.speaker.max_recording_bytes
    return (await received(request, most, lambda _size: _too_large(most))).data


def _too_large(most: int) -> KaikouError:
    return InvalidInput(
        f"The recording is larger than {most / 1e6:.0f} MB.",
        code="audio_too_large",
        hint="Half a minute is enough.",
        status=413,
    )
