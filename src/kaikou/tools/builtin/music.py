"""Music from a folder."""

from __future__ import annotations

import asyncio
import difflib
import random
from collections.abc import Sequence
from pathlib import Path

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, PlayAudio, speaks_chinese

EXAMPLES = (
    "[play|put on|i want|i'd like|i would like|i'd love|let's hear|start] (some|a bit of|a little) "
    "[background|nice|relaxing|quiet|soft|good] music [on|in the background|now]",
    "(play|put on|start) [me] (music|a song|something|a tune|any song|the music|songs|some songs)",
    "put (some|on some) music [on]",
    "[i want to|i'd like to|i'd love to|let me|i would like to] (hear|listen to) (some music|a song|music)",
    "sing [me] (a song|something)",
    "play [me|us] (something by|anything by|something from|songs by|a song by|music by|some|a bit of"
    "|a little) {title}",
    "play [me|us] [the] [song|album|track] {title}",
    "put on the (song|album|track) {title}",
    "[播放|放|听|来]{few}[好听的|背景|轻松的|安静的|舒缓的|轻|流行|古典|儿童]音乐",
    "(播放|放|来|听|唱|点){few}[好听的]歌[曲]",
    "(唱|放|播放|来|听)[一]首[好听的]歌",
    "(听歌|放歌|播放歌曲|唱歌|来首歌)",
    "播放[一下|一首|歌曲]{title}[这首歌|这首]",
    "(放|来|点|听|唱)(一首|首|一曲){title}",
    "放{title}(这首歌|这首|的歌)",
    "听{title}(这首歌|的歌)",
)
SLOTS = (
    "[{*}] (play|hear|listen to|listening to|put on) [me|us] [something by|anything by"
    "|something from|songs by|a song by|music by|the|some|a bit of|a little] [song|album|track|piece]"
    " {title}",
    "[{*}](听|放|播放)[一下|一首|首|一点|点儿|点|一些|些]{title}[的歌]",
)
PLACES = {
    "few": "(?:一首|首|一下|几首|一点儿?|点儿?|一些|些|一段|段|一曲|一个|个)?",
    "title": r"(?!(?:is|are|was|were|be|has|have|with|at|in|on|and|or|of|for|by|a|an|the|your|my|it|this"
    r"|that|cards"
    r"|chess|football|games?|role|some|something|anything|thing|music|again)\b|[你我他她它这那假学心手弃松点些歌]|一[会点下样些]|音乐"
    r"|.{0,8}[吗呢吧啊话说了过着])\S.{0,39}?",
}

SUFFIXES = frozenset({".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".p3"})
MOST_FILES = 20_000


def tools(parts: Parts) -> Sequence[FunctionTool]:
    folder = parts.settings.music_folder

    async def play_music(caller: Caller, title: str = "") -> Outcome:
        """Play a song or another recording. 播放音乐。

        Args:
            title: Part of the song's name, or of the artist's whose folder it lies in; leave it out for
                any song.
        """
        assert folder is not None
        songs = await asyncio.to_thread(_songs, folder)
        if not songs:
            raise NotFound("The music folder is empty.", code="no_music")
        # Comparing thousands of names takes seconds.
        song = await asyncio.to_thread(chosen, title, songs, folder)
        if song is None:
            some = ", ".join(path.stem for path in songs[:10])
            raise NotFound(f"There is no song like {title!r}.", code="no_music", hint=f"There are: {some}.")
        text = f"Playing {song.stem}."
        plain = f"播放{song.stem}。" if speaks_chinese(caller) else text
        return Outcome(text, effects=(PlayAudio(song, song.stem),), plain=plain)

    needs = "" if folder else "A folder of music: set tools.music_folder."
    return [
        function_tool(
            play_music,
            title="Music",
            needs=needs,
            examples=EXAMPLES,
            places=PLACES,
            slots=SLOTS,
            said=SAID["play_music"],
        )
    ]


def chosen(title: str, songs: Sequence[Path], folder: Path) -> Path | None:
    """Any song where no title is given; else one that holds it, else any in a folder that does (an artist's,
    an album's), else the one most like it."""
    wanted = _folded(title)
    if not wanted:
        return random.choice(songs)  # noqa: S311 - a song, no secret
    names = {_folded(path.stem): path for path in songs}
    holding = sorted((name for name in names if wanted in name), key=len)
    if holding:
        return names[holding[0]]
    within = [song for song in songs if any(wanted in _folded(one) for one in _folders(song, folder))]
    if within:
        return random.choice(within)  # noqa: S311
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    return names[near[0]] if near else None


def _folders(song: Path, folder: Path) -> tuple[str, ...]:
    """The names of the folders between the music folder and the song."""
    return song.relative_to(folder).parts[:-1]


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
