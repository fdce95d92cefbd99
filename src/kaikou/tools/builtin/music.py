"""Music from a folder."""

from __future__ import annotations

import asyncio
import difflib
import random
from collections.abc import Sequence
from pathlib import Path

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.speaking import chinese
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, PlayAudio

EXAMPLES = (
    "play music",
    "play some music",
    "play a song",
    "play something",
    "put on some music",
    "sing me a song",
    "play {title}",
    "play the song {title}",
    "播放音乐",
    "放首歌",
    "放一首歌",
    "来首歌",
    "来一首歌",
    "放点音乐",
    "来点音乐",
    "唱首歌",
    "唱一首歌",
    "听歌",
    "听音乐",
    "播放{title}",
    "播放歌曲{title}",
    "放一首{title}",
    "来一首{title}",
    "听{title}这首歌",
    "播放一下{title}",
    "放{title}这首歌",
)

SUFFIXES = frozenset({".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac"})
MOST_FILES = 20_000


def tools(parts: Parts) -> Sequence[FunctionTool]:
    folder = parts.settings.music_folder

    async def play_music(caller: Caller, title: str = "") -> Outcome:
        """Play a song or another recording. 播放音乐。

        Args:
            title: Part of the song's name; leave it out for any song.
        """
        assert folder is not None
        songs = await asyncio.to_thread(_songs, folder)
        if not songs:
            raise NotFound("The music folder is empty.", code="no_music")
        song = chosen(title, songs)
        if song is None:
            some = ", ".join(path.stem for path in songs[:10])
            raise NotFound(f"There is no song like {title!r}.", code="no_music", hint=f"There are: {some}.")
        text = f"Playing {song.stem}."
        plain = f"播放{song.stem}。" if chinese(caller) else text
        return Outcome(text, effects=(PlayAudio(song, song.stem),), plain=plain)

    needs = "" if folder else "A folder of music: set tools.music_folder."
    return [function_tool(play_music, title="Music", needs=needs, examples=EXAMPLES)]


def chosen(title: str, songs: Sequence[Path]) -> Path | None:
    """Any song where no title is given; else one that holds it, else the one most like it."""
    wanted = _folded(title)
    if not wanted:
        return random.choice(songs)  # noqa: S311 - a song, no secret
    names = {_folded(path.stem): path for path in songs}
    holding = sorted((name for name in names if wanted in name), key=len)
    near = holding or difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    return names[near[0]] if near else None


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _songs(folder: Path) -> list[Path]:
    found = []
    for path in folder.rglob("*"):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            found.append(path)
            if len(found) >= MOST_FILES:
                break
    return sorted(found)
