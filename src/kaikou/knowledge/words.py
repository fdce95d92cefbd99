"""Text as the words it can be found by: Chinese cut by jieba, the rest at its letters and digits."""

from __future__ import annotations

import logging
import re
import unicodedata

import jieba

jieba.setLogLevel(logging.WARNING)

_RUNS = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+(?:['’][a-z]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ENDINGS = re.compile(r"(?:'s|’s)$")
_STOP = frozenset(
    "a an and are as at be been but by can did do does for from had has have he her his how i if in into is "
    "it its me my no not of on or our she so than that the their them then there these they this to was we "
    "were what when where which who whom whose why will with would you your "
    "的 了 是 在 和 与 及 或 也 都 就 而 吗 呢 吧 啊 么 这 那 有 我 你 他 她 它 们 我们 你们 他们 什么 怎么 "
    "哪 哪些 哪个 哪里 为什么 多少 如何 一个 上 下 中 里 被 把 对 从 到 等 之 其 以 会 能 要 "
    "可以 时候".split()
)


def words_of(text: str) -> list[str]:
    """The words in order, folded; those that every text has are left out. English plurals and the like
    are cut to a common form. Blocking: the first call reads jieba's dictionary (half a second)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    for run in _RUNS.findall(folded):
        if _HAN.match(run):
            found += [word for word in jieba.cut_for_search(run, HMM=False) if word not in _STOP]
        elif run not in _STOP:
            found.append(_stem(run))
    return found


def _stem(word: str) -> str:
    """Harman's S-stemmer (1991): plurals alone, so that no two words of different meaning become one."""
    word = _ENDINGS.sub("", word)
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies") and word[-4] not in "ea":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word
