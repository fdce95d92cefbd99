"""Learn letter-to-sound rules for English words no lexicon knows.

    python scripts/train_letter_sounds.py [--held-out 0.05]

Reads the US lexicon inside the ``misaki`` package (Apache-2.0) and writes
``src/kaikou/engines/tts/kokoro/letter_sounds.json.gz``, which the engine reads. Two steps:

1. Align each letter with 0 to 2 phones by Viterbi training (hard EM).
2. Grow contexts: a rule says what a letter sounds like between the letters around it; a longer context
   gets a rule of its own only where its majority differs from the shorter one's. (Dynamically expanding
   context: Kohonen 1986; Torkkola, "An efficient way to learn English grapheme-to-phoneme rules
   automatically", ICASSP 1993.)

``--held-out`` keeps that share of words apart and prints how many come out right; with 0 (the default)
all words are learned.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

from kaikou.engines.tts.kokoro.letters import CONTEXTS, LetterSounds, context

OUT = Path(__file__).parents[1] / "src/kaikou/engines/tts/kokoro/letter_sounds.json.gz"
MOST_PHONES = 2
ROUNDS = 6
FEWEST = 2  # examples a rule of a longer context needs


def words() -> dict[str, list[str]]:
    """Lower-case words and their phones; a stress mark belongs to the vowel behind it."""
    lexicon = json.loads((files("misaki.data") / "us_gold.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for word, value in lexicon.items():
        sounds = value if isinstance(value, str) else value["DEFAULT"]
        lower = word.lower()
        if not (lower.isascii() and lower.isalpha() and len(lower) > 2 and sounds):
            continue
        if word == word.upper() or (lower != word and lower in lexicon):
            continue  # an abbreviation, or a name that is also a word
        phones: list[str] = []
        mark = ""
        for sound in sounds:
            if sound in "ˈˌ":
                mark = sound
            else:
                phones.append(mark + sound)
                mark = ""
        if len(phones) <= MOST_PHONES * len(lower):
            found[lower] = phones
    return found


def align(word: str, phones: list[str], score: dict[tuple[str, str], float]) -> list[str] | None:
    """The likeliest share of ``phones`` for each letter (hard assignment), or None."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for at, letter in enumerate(word):
        row: dict[int, tuple[float, int]] = {}
        left = len(word) - at - 1
        for used, (total, _) in best[at].items():
            for take in range(MOST_PHONES + 1):
                end = used + take
                if end > len(phones) or len(phones) - end > MOST_PHONES * left:
                    continue
                chunk = "".join(phones[used:end]).replace("ˈ", "").replace("ˌ", "")
                value = total + score.get((letter, chunk), -12.0 - 2 * take)
                if end not in row or value > row[end][0]:
                    row[end] = (value, used)
        best.append(row)
    if len(phones) not in best[-1]:
        return None
    end, shares = len(phones), []
    for at in range(len(word), 0, -1):
        used = best[at][end][1]
        shares.append("".join(phones[used:end]))
        end = used
    return shares[::-1]


def alignments(lexicon: dict[str, list[str]]) -> dict[str, list[str]]:
    """Viterbi training, begun from which letters and phones stand at the same place of a word."""
    counts: Counter[tuple[str, str]] = Counter()
    for word, phones in lexicon.items():
        for at, letter in enumerate(word):
            near = phones[min(len(phones) - 1, at * len(phones) // len(word))].lstrip("ˈˌ")
            counts[letter, near] += 1
    result: dict[str, list[str]] = {}
    for _ in range(ROUNDS):
        totals: Counter[str] = Counter()
        for (letter, _chunk), count in counts.items():
            totals[letter] += count
        score = {key: math.log(count / totals[key[0]]) for key, count in counts.items()}
        for letter in totals:
            score.setdefault((letter, ""), -4.0)
        result = {}
        for word, phones in lexicon.items():
            if (shares := align(word, phones, score)) is not None:
                result[word] = shares
        counts = Counter(
            (letter, share.replace("ˈ", "").replace("ˌ", ""))
            for word, shares in result.items()
            for letter, share in zip(word, shares, strict=True)
        )
    return result


def grow(aligned: dict[str, list[str]]) -> dict[str, str]:
    """Rules by context, shortest first."""
    rules: dict[str, str] = {}
    for size in range(len(CONTEXTS)):
        votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for word, shares in aligned.items():
            for at, share in enumerate(shares):
                votes[context(word, at, size)][share] += 1
        for key, counter in votes.items():
            share, count = counter.most_common(1)[0]
            if size and count < FEWEST:
                continue
            if share != LetterSounds(rules).look_up(key, size - 1):
                rules[key] = share
    return rules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", type=float, default=0.0)
    share = parser.parse_args().held_out
    lexicon = words()
    names = sorted(lexicon)
    random.Random(1).shuffle(names)
    apart = names[: int(share * len(names))]
    aligned = alignments({word: lexicon[word] for word in names[len(apart) :]})
    rules = grow(aligned)
    print(f"{len(aligned)} words of {len(names) - len(apart)} aligned, {len(rules)} rules")
    if apart:
        sounds = LetterSounds(rules)
        whole = plain = 0
        for word in apart:
            want, got = "".join(lexicon[word]), sounds.phones(word)
            whole += want == got
            bare = [text.replace("ˈ", "").replace("ˌ", "") for text in (want, got)]
            plain += bare[0] == bare[1]
        print(
            f"held out {len(apart)}: {whole / len(apart):.1%} right, {plain / len(apart):.1%} but for stress"
        )
        return
    packed = json.dumps(rules, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    OUT.write_bytes(gzip.compress(packed, 9, mtime=0))
    print(f"wrote {OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
