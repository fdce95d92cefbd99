"""Voices and blends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.tts.kokoro import packs
from kaikou.errors import InvalidInput, ModelUnavailable

NAMES = packs.names()


def test_there_are_54_voices() -> None:
    assert len(NAMES) == len(set(NAMES)) == 54
    voices = packs.catalogue()
    assert [voice.id for voice in voices] == list(NAMES)
    assert sum(voice.languages == ("zh", "en") for voice in voices) == 8
    assert sum(voice.languages[0].startswith("en-") for voice in voices) == 28


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(1, 99).map(lambda n: n / 10), min_size=1, max_size=8)
)
def test_a_blend_is_one_however_it_is_written(weights: dict[str, float]) -> None:
    written = [f"{name}:{weight}" for name, weight in weights.items()]
    forward, backward = packs.parse("+".join(written)), packs.parse(" + ".join(reversed(written)))
    assert forward == backward == packs.blend(weights)
    assert sum(weight for _, weight in forward.parts) == pytest.approx(1, abs=0.001)
    assert packs.parse(forward.id).parts[0][0] == forward.parts[0][0]


def test_ids() -> None:
    assert packs.parse("af_heart").id == "af_heart"
    assert packs.parse("af_heart+am_adam").id == "af_heart:0.5+am_adam:0.5"
    assert packs.parse("zf_xiaobei:0.6+af_heart:0.4").id == "zf_xiaobei:0.6+af_heart:0.4"
    assert packs.parse("af_heart:2+af_heart:1").id == "af_heart"


@pytest.mark.parametrize(
    "voice",
    [
        "",
        "nobody",
        "af_nobody",
        "af_heart+",
        "af_heart:x",
        "af_heart:-1",
        "../af_heart",
        "af_heart:0",
        "+".join(NAMES[:9]),
    ],
)
def test_unknown_voices(voice: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        packs.parse(voice)
    assert caught.value.code == "unknown_voice"


def test_who_speaks_mandarin() -> None:
    assert packs.parse("zf_xiaobei").speaks_mandarin
    assert packs.parse("zm_yunxi+af_heart").speaks_mandarin
    assert packs.parse("zm_yunxi+zf_xiaoni+af_heart").speaks_mandarin
    assert not packs.parse("zf_xiaobei:0.4+af_heart:0.6").speaks_mandarin
    assert packs.parse("bf_emma:0.6+af_heart:0.4").accent == "gb"
    assert packs.parse("bm_george:0.6+af_heart:0.4").gender == "male"


def test_a_blend_is_the_weighted_mean_of_its_packs(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    made = {name: rng.standard_normal((510, 1, 256)).astype("<f4") for name in ("af_heart", "am_adam")}
    for name, values in made.items():
        values.tofile(tmp_path / f"{name}.bin")
    folder = packs.Packs(tmp_path)
    blend = packs.parse("af_heart:3+am_adam:1")
    np.testing.assert_allclose(
        folder.styles(blend), 0.75 * made["af_heart"] + 0.25 * made["am_adam"], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(folder.styles(blend), packs.Packs(tmp_path).styles(blend))


def test_a_damaged_pack_is_named(tmp_path: Path) -> None:
    (tmp_path / "af_heart.bin").write_bytes(b"short")
    for voice in ("af_heart", "am_adam"):
        with pytest.raises(ModelUnavailable, match=voice):
            packs.Packs(tmp_path).styles(packs.parse(voice))
