"""The terminal: ``kaikou serve | talk | transcribe | speak | …``.

Heavy imports stay inside the commands: ``kaikou --help`` answers at once.
"""

from __future__ import annotations

from kaikou.cli.main import main

__all__ = ["main"]
