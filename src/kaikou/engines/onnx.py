"""ONNX Runtime sessions that live peacefully beside other work on the same cores."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def open_session(model: Path | bytes, threads: int) -> onnxruntime.InferenceSession:
    """A session on the CPU with ``threads`` threads for one call, the caller's among them.
    ``model`` is a file, or its content.

    Open it on the pool, in the lane that will use it (``pool.PerLane``): the runtime's threads
    inherit the opener's priority. Their spinning is off: a thread that waits busily takes the core
    from the model that has work.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
