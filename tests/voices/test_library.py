"""The voice library over an engine without its model."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kaikou.engines.ports import Card, Voice
from kaikou.engines.tts.kokoro import packs
from kaikou.errors import InvalidInput, KaikouError, NotFound
from kaikou.store.records import VoiceRow
from kaikou.voices.library import VoiceLibrary
from kaikou.voices.previews import PREVIEW_TEXTS, preview_text, speaks


class Rows:
    def __init__(self) -> None:
        self.kept: dict[str, VoiceRow] = {}

    async def all(self) -> Sequence[VoiceRow]:
        return tuple(self.kept.values())

    async def get(self, voice_id: str) -> VoiceRow | None:
        return self.kept.get(voice_id)

    async def put(self, row: VoiceRow) -> None:
        self.kept[row.id] = row

    async def delete(self, voice_id: str) -> bool:
        return self.kept.pop(voice_id, None) is not None


class Plain:
    """An engine with one voice that cannot blend."""

    def __init__(self, name: str = "plain") -> None:
        self.card = Card("tts", name, name)

    def voices(self) -> Sequence[Voice]:
        return (Voice("only", "Only", ("en-US",)),)


class Blending(Plain):
    """Kokoro's voices and blends."""

    def voices(self) -> Sequence[Voice]:
        return packs.catalogue()

    def blend(self, parts: dict[str, float]) -> Voice:
        return packs.blended_voice(packs.blend(parts))


def library(engine: Plain | None = None, rows: Rows | None = None) -> VoiceLibrary:
    return VoiceLibrary(engine or Blending("kokoro"), rows or Rows())  # type: ignore[arg-type]


async def test_voices_by_language() -> None:
    voices = library()
    assert len(await voices.voices()) == 54
    chinese = await voices.voices("zh-CN")
    assert {item.id[0] for item in chinese} == {"z"}
    assert len(await voices.voices("en")) == 54
    assert await voices.voices("de") == []


async def test_a_saved_blend_is_listed_spoken_and_forgotten() -> None:
    voices = library()
    made = await voices.save_blend("  Night   reader ", {"zf_xiaobei": 3, "af_heart": 1}, "Calm.")
    assert made.voice.name == "Night reader"
    assert made.kind == "blend"
    assert made.voice.languages == ("zh", "en")
    assert dict(made.parts) == {"zf_xiaobei": 0.75, "af_heart": 0.25}
    assert (await voices.voices())[0] == made == await voices.get(made.id)
    assert await voices.spoken_with(made.id) == "zf_xiaobei:0.75+af_heart:0.25"
    await voices.delete(made.id)
    for use in (voices.get, voices.spoken_with, voices.delete):
        with pytest.raises(NotFound) as caught:
            await use(made.id)
        assert caught.value.code == "unknown_voice"


async def test_other_ids_go_to_the_engine_as_they_are() -> None:
    voices = library()
    for voice in (None, "af_heart", "af_heart+am_adam", "whatever"):
        assert await voices.spoken_with(voice) == voice


@pytest.mark.parametrize(
    ("name", "parts", "code"),
    [
        ("", {"af_heart": 1}, "invalid_voice"),
        ("x" * 81, {"af_heart": 1}, "invalid_voice"),
        ("ok", {"nobody": 1}, "unknown_voice"),
        ("ok", {}, "unknown_voice"),
        ("ok", {"af_heart": 0}, "unknown_voice"),
        ("ok", {"af_heart": 1, "am_adam": -1}, "unknown_voice"),
        ("ok", {"af_heart": float("nan")}, "unknown_voice"),
        ("ok", {"af_heart": float("inf")}, "unknown_voice"),
    ],
)
async def test_what_cannot_be_saved(name: str, parts: dict[str, float], code: str) -> None:
    rows = Rows()
    with pytest.raises(InvalidInput) as caught:
        await library(rows=rows).save_blend(name, parts)
    assert caught.value.code == code
    assert rows.kept == {}


async def test_packaged_voices_stay() -> None:
    with pytest.raises(InvalidInput) as caught:
        await library().delete("af_heart")
    assert caught.value.code == "voice_packaged"


async def test_a_blend_is_renamed_and_remixed() -> None:
    voices = library()
    made = await voices.save_blend("Mine", {"af_heart": 1, "am_adam": 1}, "Calm.")
    renamed = await voices.change_blend(made.id, name=" Night  reader ")
    assert (renamed.voice.name, renamed.voice.description) == ("Night reader", "Calm.")
    assert renamed.parts == made.parts and renamed.id == made.id
    remixed = await voices.change_blend(made.id, parts={"zf_xiaobei": 1, "af_heart": 3}, description="")
    assert dict(remixed.parts) == {"zf_xiaobei": 0.25, "af_heart": 0.75}
    assert remixed.voice.name == "Night reader"
    for changes, code in (
        ({"name": " "}, "invalid_voice"),
        ({"parts": {"nobody": 1.0}}, "unknown_voice"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await voices.change_blend(made.id, **changes)  # type: ignore[arg-type]
        assert caught.value.code == code
    with pytest.raises(InvalidInput) as packaged:
        await voices.change_blend("af_heart", name="x")
    assert packaged.value.code == "voice_packaged"
    assert await voices.get(made.id) == remixed


async def test_a_session_keeps_its_blend_when_another_engine_takes_over() -> None:
    rows, kokoro = Rows(), Blending("kokoro")
    voices = library(kokoro, rows)
    made = await voices.save_blend("Mine", {"af_heart": 1, "am_adam": 1})
    spoken = await voices.spoken_with(made.id)
    voices.use(Plain())  # type: ignore[arg-type]
    assert await voices.spoken_with(made.id, kokoro) == spoken  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await voices.spoken_with(made.id)


async def test_blends_wait_while_another_engine_is_in_use() -> None:
    rows = Rows()
    made = await library(rows=rows).save_blend("Mine", {"af_heart": 1, "am_adam": 1})
    other = library(Plain(), rows)
    assert [item.id for item in await other.voices()] == ["only"]
    with pytest.raises(NotFound):
        await other.get(made.id)
    with pytest.raises(KaikouError) as caught:
        await other.save_blend("Mine", {"only": 1})
    assert caught.value.code == "no_blends"
    assert (await library(rows=rows).get(made.id)).voice.name == "Mine"


def test_previews_fit_the_voice() -> None:
    both = Voice("v", "V", ("zh", "en-US"))
    assert preview_text(both) == PREVIEW_TEXTS["zh"]
    assert preview_text(both, "en-GB") == PREVIEW_TEXTS["en"]
    assert preview_text(both, "fr") == PREVIEW_TEXTS["zh"]
    assert preview_text(Voice("v", "V", ())) == PREVIEW_TEXTS["en"]
    assert preview_text(Voice("v", "V", ("tlh",))) == PREVIEW_TEXTS["en"]
    assert speaks(Voice("v", "V", ()), "xx")
