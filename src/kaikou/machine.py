"""Facts about this installation and the machine under it. Imports next to nothing."""

from __future__ import annotations

import gc
import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

WEB = Path(__file__).parent / "web"
"""The built page."""


@cache
def kaikou_version() -> str:
    """The installed version, e.g. ``0.1.0``."""
    return version("kaikou")


def memory_usage() -> dict[str, int] | None:
    """The machine's memory in bytes (``total``, ``used``, ``free``) and this process's share
    (``process``); None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        resident = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    known = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    total, free = known["MemTotal"], known["MemAvailable"]
    page = os.sysconf("SC_PAGE_SIZE")
    return {"total": total, "used": total - free, "free": free, "process": resident * page}


def about_machine() -> dict[str, str | int | None]:
    """What a measurement was made on, for its report."""
    try:
        facts = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        facts = []
    named = (line.partition(":")[2].strip() for line in facts if line.startswith("model name"))
    flags = next((line.partition(":")[2].split() for line in facts if line.startswith("flags")), [])
    wide = ("avx2", "avx512f", "avx512_vnni", "amx_tile", "amx_bf16", "amx_int8")
    memory = memory_usage()
    return {
        "processor": next(named, platform.machine()),
        "vectors": " ".join(flag for flag in wide if flag in flags),
        "cores": os.cpu_count(),
        "memory_gb": round(memory["total"] / 1e9) if memory else None,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


@cache
def gpu_available() -> bool:
    """An NVIDIA or AMD compute device is visible to this process."""
    return any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/kfd"))


def spare_the_cores() -> None:
    """Threads of model runtimes must not spin while they wait: on a small machine that starves the
    language model. Call before a runtime is imported; what the user has set stands."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")


def page_built() -> bool:
    """The web page is there to be served."""
    return (WEB / "index.html").is_file()


def settle_memory() -> None:
    """Spare the garbage collector what is here for good: modules, settings, tables, loaded engines.

    Without this a collection walks some hundred thousand objects that never die, and every caller
    waits 100 ms for it. New objects die young, mostly without a cycle, so it may look less often too.
    Blocks for about 100 ms: call it where nobody is in a call yet.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
