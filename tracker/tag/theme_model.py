"""The fitted part of the themes: which sentence speaks for which theme, and which themes a document has.

Two linear steps with plain numbers from `data/themes/model.json` (made by `python -m training.fit`). Step one scores
each sentence for each theme from the concepts found in it; step two scores the document from its best sentences.
Features are concepts, not words, so what is learnt in one language holds in the others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import LexiconError
from tracker.tag.concepts import DATA, THEMES, Concept, Scan, Vocabulary, concepts
from tracker.tag.lexical import Lexical, sign_grams, word_grams

if TYPE_CHECKING:
    from tracker.tag.view import View

MODEL = DATA / "model.json"
FLAGS = ("drug", "title", "first", "names", "length")
OWN = ("hint", "likely", "says", "sum", "likely with a drug")
GENERAL = ("animal", "therapy", "research", "law", "forum", "chem", "offtopic")
OF_DOCUMENT = (
    "best", "second", "third", "title", "says", "likely", "sentences", "substances", "not english",
    "words", "signs", *(f"best {t}" for t in THEMES), *(f"general {g}" for g in GENERAL),
)  # fmt: skip
LENGTH = 1.0  # the longer the text, the less its best sentence decides alone (log odds a unit of log sentences)
_ONE_SENTENCE = math.log1p(1)
_NO_SENTENCES = [-5.0] * 3
_LOWEST = -5.0  # the score of a sentence that is not there
_OWN_SCALE = 2.0  # makes the hand-given strengths cheap to use for the regularised fit


class Row(NamedTuple):
    """What step one sees of a sentence: meanings of its concepts in the vocabulary, flags, and strength by theme."""

    concepts: frozenset[int]
    flags: tuple[float, ...]  # in the order of FLAGS; few different ones, so that sums over them can be kept
    own: dict[int, tuple[int, int]]  # theme's place -> greatest strength, sum of strengths (at most 9)

    @property
    def drug(self) -> bool:
        """Whether a drug or a class of drugs is named in the sentence."""
        return bool(self.flags[0])


def rows(view: View, seen: Scan) -> list[Row]:
    """One Row for each sentence of the view."""
    names = _names_by_sentence(view)
    words = seen.vocabulary
    out, first = [], True
    for (drug, count), sentence, said in zip(names, view.sentences, seen.sentences, strict=True):
        title = sentence.field == "title"
        length = min(sentence.end - sentence.start, 360) // 90 / 4
        flags = (float(drug), float(title), float(title or first), min(count, 4) / 4, length)
        first = first and title
        found = frozenset([c.meaning for c in said.concepts])
        own: dict[int, tuple[int, int]] = {}
        for meaning in found:
            at, strength = words.theme[meaning], words.strength[meaning]
            if at >= 0:
                most, total = own.get(at, (0, 0))
                own[at] = (most if most > strength else strength, min(total + strength, 9))
        out.append(Row(found, flags, own))
    return out


def _names_by_sentence(view: View) -> list[tuple[bool, int]]:
    """For each sentence whether a drug or class is named in it, and how many names."""
    counts = [0] * len(view.sentences)
    drug = [False] * len(view.sentences)
    for items, named in ((view.hits, True), (view.class_mentions, False)):
        at = 0
        for item in items:
            if named and not getattr(item, "reported", True):
                continue
            if at == len(view.sentences):
                at = 0
            while at < len(view.sentences) and (
                view.sentences[at].field != item.field or view.sentences[at].end <= item.start
            ):
                at += 1
            if at < len(view.sentences):
                drug[at] = True
                counts[at] += named
    return list(zip(drug, counts, strict=True))


def own_features(most: int, total: int, drug: bool) -> tuple[float, ...]:
    """The features OWN of one theme in one sentence, from the strengths of its cues."""
    return (
        _OWN_SCALE * (most >= 1),
        _OWN_SCALE * (most >= 2),
        _OWN_SCALE * (most >= 3),
        _OWN_SCALE * min(total, 9) / 9,
        _OWN_SCALE * (drug and most >= 2),
    )


class Features(NamedTuple):
    """What step two sees: for each theme its own numbers, and those that all themes share; together OF_DOCUMENT."""

    own: Sequence[tuple[float, ...]]
    shared: list[float]


def document_features(
    view: View,
    seen: Scan,
    found: Sequence[Row],
    scores: Sequence[Sequence[float]],
    lexical: Sequence[Sequence[float]],
) -> Features:
    """The features OF_DOCUMENT, from the scores of step one and those of words and of signs."""
    titles = sum(s.field == "title" for s in view.sentences)  # they stand first
    names = len({h.name for h in view.hits if h.reported})
    return features_of(found, scores, lexical, titles, names, view.language, seen.vocabulary)


def lexical_scores(
    weights: tuple[Lexical, Lexical], view: View, found: Sequence[Row], words: Vocabulary
) -> tuple[list[float], list[float]]:
    """What the words of the document say of each theme, and what its signs say."""
    by_words, by_signs = weights
    return (
        by_words.scores(word_grams(f"{view.title}\n{view.text}", view.language)),
        by_signs.scores(sign_grams(found, words, view)),
    )


def features_of(
    found: Sequence[Row],
    scores: Sequence[Sequence[float]],
    lexical: Sequence[Sequence[float]],
    titles: int,
    names: int,
    language: str | None,
    words: Vocabulary,
) -> Features:
    """The features of these sentences, the first `titles` of them titles, with so many different names in them."""
    columns = list(zip(*scores[titles:], strict=True)) or [()] * len(THEMES)
    title = [max(column) for column in zip(*scores[:titles], strict=True)] or [_LOWEST] * len(THEMES)
    basics = (math.log1p(len(scores) - titles), min(6, names) / 2, float(language != "en"))
    says, likely = [0] * len(THEMES), [0] * len(THEMES)
    for row in found[titles:]:
        for at, (most, _) in row.own.items():
            if most >= 2:
                likely[at] += 1
                says[at] += most >= 3
    own: list[tuple[float, ...]] = []
    best: list[float] = []
    for t, column in enumerate(columns):
        top = sorted(column, reverse=True)
        first, second, third = top[:3] if len(top) > 2 else (top + _NO_SENTENCES)[:3]
        best.append(0.3 * first)
        own.append(
            (
                *(first, second, third, max(title[t], _LOWEST), min(3.0, says[t]), min(4.0, likely[t])),
                *basics,
                *[score[t] for score in lexical],
            )
        )
    return Features(own, best + _general(words, found))


def _general(words: Vocabulary, found: Sequence[Row]) -> list[float]:
    context = _contexts(words)
    present = {context[m] for row in found for m in row.concepts if m in context}
    return [float(name in present) for name in GENERAL]


@cache
def _contexts(words: Vocabulary) -> dict[int, str]:
    """The meanings that tell of the kind of text and of no theme, by name."""
    return {i: m[1] for i, m in enumerate(words.meanings) if m[0] == "general"}


@dataclass(frozen=True, slots=True)
class Model:
    """The weights. Vectors have one number a theme, in the order of THEMES."""

    bias: tuple[float, ...]
    plain: dict[Concept, tuple[float, ...]]
    with_drug: dict[Concept, tuple[float, ...]]  # plain and the extra weight beside a drug's name, added up
    flags: tuple[tuple[float, ...], ...]  # in the order of FLAGS
    own: tuple[tuple[float, ...], ...]  # theme -> weights of OWN
    document_bias: tuple[float, ...]
    document: tuple[tuple[float, ...], ...]  # theme -> weights of OF_DOCUMENT
    thresholds: tuple[float, ...]  # probability from which a theme is given
    lexical: tuple[Lexical, Lexical] | None = None  # words and signs; None for the shipped ones
    _kept: dict[object, object] = field(default_factory=dict, repr=False, compare=False)  # sums worked out before

    def sentence_scores(self, row: Row, words: Vocabulary) -> list[float]:
        """Log odds that the sentence is evidence for each theme."""
        if not row.concepts:
            return list(self._base(row.flags))
        table = self._table(words, row.drug)
        out: list[float] = list(map(sum, zip(self._base(row.flags), *[table[m] for m in row.concepts], strict=True)))
        for at, (most, total) in row.own.items():
            out[at] += self._strength(at, most, total, row.drug)
        return out

    def _table(self, words: Vocabulary, drug: bool) -> list[tuple[float, ...]]:
        """Weights by meaning."""
        table = self._kept.get((id(words), drug))
        if table is None:
            weights, nothing = (self.with_drug if drug else self.plain), (0.0,) * len(THEMES)
            table = [weights.get(m, nothing) if isinstance(m, Concept) else nothing for m in words.meanings]
            self._kept[id(words), drug] = table
        return table  # type: ignore[return-value]

    def _base(self, flags: tuple[float, ...]) -> tuple[float, ...]:
        """Bias and flags."""
        base = self._kept.get(flags)
        if base is None:
            base = self._kept[flags] = tuple(
                b + sum(map(mul, flags, weights)) for b, *weights in zip(self.bias, *self.flags, strict=True)
            )
        return base  # type: ignore[return-value]

    def _strength(self, at: int, most: int, total: int, drug: bool) -> float:
        key = (at, most, total, drug)
        value = self._kept.get(key)
        if value is None:
            value = self._kept[key] = sum(map(mul, own_features(most, total, drug), self.own[at]))
        return value  # type: ignore[return-value]

    def probabilities(self, features: Features) -> list[float]:
        """For each theme the probability that the document has it."""
        out = []
        for bias, weights, own in zip(self.document_bias, self.document, features.own, strict=True):
            z = bias + sum(map(mul, weights, own)) + sum(map(mul, weights[len(own) :], features.shared))
            alone = own[0] - LENGTH * (own[6] - _ONE_SENTENCE)  # what the best sentence says by itself
            out.append(1 / (1 + math.exp(-max(-500.0, z, alone))))
        return out


@cache
def model() -> Model:
    """The shipped weights. Raises LexiconError when the file does not fit the cues or this code."""
    try:
        raw = json.loads(MODEL.read_text("utf-8"))
        return _built(raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LexiconError(f"{MODEL} is missing or damaged ({error!r}); run `python -m training.fit`") from error


def _built(raw: dict[str, object]) -> Model:
    if raw["themes"] != list(THEMES) or raw["of_document"] != list(OF_DOCUMENT) or raw["flags"] != list(FLAGS):
        raise LexiconError(f"{MODEL} was fitted for other features; run `python -m training.fit`")
    known: dict[str, list[list[float]]] = raw["concepts"]  # type: ignore[assignment]
    weights: dict[str, list[list[float]]] = raw["weights"]  # type: ignore[assignment]
    plain, with_drug = {}, {}
    for concept in concepts():
        if concept.key in known:
            base, extra = known[concept.key]
            plain[concept] = tuple(base)
            with_drug[concept] = tuple(a + b for a, b in zip(base, extra, strict=True))
    return Model(
        bias=tuple(weights["bias"][0]),
        plain=plain,
        with_drug=with_drug,
        flags=tuple(map(tuple, weights["flags"])),
        own=tuple(map(tuple, weights["own"])),
        document_bias=tuple(weights["document_bias"][0]),
        document=tuple(map(tuple, weights["document"])),
        thresholds=tuple(weights["thresholds"][0]),
    )
