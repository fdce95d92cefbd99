"""Text as the model's tokens: SentencePiece's unigram model (Kudo 2018) with the model's own pieces."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from kaikou.engines.embedding.e5.packed import Vocabulary


class Tokens:
    """Turns texts into ids, begin and end included."""

    def __init__(self, vocabulary: Vocabulary, longest: int) -> None:
        self._begin, self._end = vocabulary.begin, vocabulary.end
        self._room = longest - 2
        self._replaced = str.maketrans(dict(vocabulary.replaced))
        self._tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, unk_id=vocabulary.unknown))
        self._tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """For each text the ids of its windows: one, or several where it is longer than the model's
        positions."""
        encoded = self._tokenizer.encode_batch(
            [text.translate(self._replaced) for text in texts], add_special_tokens=False
        )
        return [self._cut(found.ids) for found in encoded]

    def _cut(self, ids: list[int]) -> list[list[int]]:
        starts = range(0, max(1, len(ids)), self._room)
        return [[self._begin, *ids[start : start + self._room], self._end] for start in starts]
