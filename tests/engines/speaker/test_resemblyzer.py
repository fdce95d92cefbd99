"""The speaker encoder: its weights read without PyTorch, and voices told apart."""

from __future__ import annotations

import collections
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines.stt.contexts import RECORDINGS

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.resemblyzer import Resemblyzer
from kaikou.engines.speaker.resemblyzer.checkpoint import _MAGIC, _VERSION, read_tensors
from kaikou.engines.speaker.resemblyzer.network import BANDS, MOST_WINDOWS, WINDOW, network_graph, windows
from kaikou.engines.speaker.voiced import voiced
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import ModelUnavailable
from kaikou.settings.tree import PoolSettings, Settings

RATE = 16_000


def checkpoint(path: Path, main: bytes, storages: bytes = b"") -> Path:
    parts = [pickle.dumps(one, 2) for one in (_MAGIC, _VERSION, {"little_endian": True})]
    path.write_bytes(b"".join(parts) + main + storages)
    return path


@pytest.mark.parametrize("evil", ["os.system", "builtins.eval", "torch.FloatStorag", "posix.system"])
def test_a_file_that_asks_for_anything_else_is_refused_and_runs_nothing(tmp_path: Path, evil: str) -> None:
    module, name = evil.rsplit(".", 1)
    touched = tmp_path / "touched"
    main = f"c{module}\n{name}\n(Vtouch {touched}\ntR.".encode()
    with pytest.raises(ModelUnavailable, match=evil.replace(".", r"\.")):
        read_tensors(checkpoint(tmp_path / "evil.pt", main), "model_state")
    assert not touched.exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", pickle.dumps(1), b"\x80\x02}q\x00."])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable):
        read_tensors(path, "model_state")


def test_a_storage_shorter_than_its_tensor_is_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "short.pt", pickle.dumps({"model_state": {}}, 2), pickle.dumps(["1"], 2))
    with pytest.raises(ModelUnavailable):
        read_tensors(path, "model_state")


def test_windows_cover_the_sound_and_no_more() -> None:
    rng = np.random.default_rng(1)
    for seconds, count in ((0.5, 1), (1.6, 1), (2.5, 2), (30.0, MOST_WINDOWS)):
        found = windows(rng.standard_normal(int(seconds * RATE)).astype(np.float32))
        assert found.shape == (count, WINDOW, BANDS)


def test_silence_is_no_voice() -> None:
    tone = (0.1 * np.sin(np.arange(RATE) * 0.1)).astype(np.float32)
    quiet = np.zeros(RATE, np.float32)
    assert len(voiced(quiet)) == 0 and len(voiced(quiet[:10])) == 0
    kept = len(voiced(np.concatenate([quiet, tone, quiet]))) / RATE
    assert 1.0 <= kept <= 1.25


def numpy_lstm(tensors: dict[str, Any], mels: Any) -> Any:
    """The same network, written out."""
    seen = mels
    for layer in range(3):
        w, r = tensors[f"lstm.weight_ih_l{layer}"], tensors[f"lstm.weight_hh_l{layer}"]
        bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
        h = c = np.zeros((len(mels), r.shape[1]), np.float32)
        out = []
        for step in range(seen.shape[1]):
            i, f, g, o = np.split(seen[:, step] @ w.T + h @ r.T + bias, 4, axis=1)
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            h = np.tanh(c) / (1 + np.exp(-o))
            out.append(h)
        seen = np.stack(out, axis=1)
    return np.maximum(h @ tensors["linear.weight"].T + tensors["linear.bias"], 0)


def test_the_graph_computes_the_network() -> None:
    import onnxruntime

    rng = np.random.default_rng(2)
    hidden = 8

    def random(*shape: int) -> Any:
        return (0.3 * rng.standard_normal(shape)).astype(np.float32)

    tensors = {"linear.weight": random(6, hidden), "linear.bias": random(6)}
    for layer in range(3):
        tensors[f"lstm.weight_ih_l{layer}"] = random(4 * hidden, BANDS if layer == 0 else hidden)
        tensors[f"lstm.weight_hh_l{layer}"] = random(4 * hidden, hidden)
        tensors[f"lstm.bias_ih_l{layer}"] = random(4 * hidden)
        tensors[f"lstm.bias_hh_l{layer}"] = random(4 * hidden)
    mels = np.abs(random(2, WINDOW, BANDS))
    session = onnxruntime.InferenceSession(network_graph(tensors), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"mels": mels.transpose(1, 0, 2)})
    np.testing.assert_allclose(found, numpy_lstm(tensors, mels), atol=1e-5)


@pytest.mark.models
async def test_one_voice_is_like_itself_and_unlike_others() -> None:
    pool = Pool(PoolSettings(threads=2))
    settings = Settings()
    encoder = Resemblyzer(
        EngineContext("resemblyzer", settings.speaker, settings, pool, WeightStore(settings.models))
    )
    told: Callable[..., None] = lambda *_: None  # noqa: E731
    await encoder.load(told)
    vectors = collections.defaultdict(list)
    for recording in RECORDINGS:
        audio = recording.audio
        half = audio.seconds / 2
        for part in (audio.slice(0, half), audio.slice(half)):
            made = await encoder.encode(part)
            if made.seconds > 1.0:
                vectors[recording.file].append(made.vector)
    pairs = [parts for parts in vectors.values() if len(parts) == 2]
    own = [float(one @ other) for one, other in pairs]
    first = np.stack([one for one, _ in pairs])
    cross = first @ first.T
    others = cross[~np.eye(len(pairs), dtype=bool)]
    assert len(pairs) >= 3
    assert np.mean(own) > float(np.mean(others)) + 0.1
    silent = await encoder.encode(Pcm.silence(2.0, RATE))
    assert silent.seconds == 0.0 and not len(silent.vector)
    await encoder.close()
    await pool.close(5)
