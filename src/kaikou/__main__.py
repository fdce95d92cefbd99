"""``python -m kaikou`` is ``kaikou``."""

from __future__ import annotations

import sys

from kaikou.cli import main

if __name__ == "__main__":
    sys.exit(main())
