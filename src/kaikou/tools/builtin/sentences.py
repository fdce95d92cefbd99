"""What people say to ask for a tool, in many ways: whoever says it in another is understood by meaning.

Unlike a tool's examples these hold no places; they are only compared as wholes.
"""

from __future__ import annotations

from collections.abc import Mapping

from kaikou.tools.builtin import sentences_chinese, sentences_english

SAID: Mapping[str, tuple[str, ...]] = {
    name: (*said, *sentences_chinese.SAID.get(name, ())) for name, said in sentences_english.SAID.items()
}
