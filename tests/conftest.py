"""What all tests share: hypothesis' profiles."""

from __future__ import annotations

import os

from hypothesis import settings

# A busy machine is no failure: no test asserts seconds.
settings.register_profile("default", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
