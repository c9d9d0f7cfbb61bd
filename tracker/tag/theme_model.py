"""The fitted part of the themes: which sentence speaks for which theme, and which themes a document has.

Two linear steps with plain numbers from `data/themes/model.json` (made by `python -m training.fit`). Step one scores
each sentence for each theme from the concepts found in it; step two scores the document from its best sentences.
Features are concepts, not words, so what is learnt in one language holds in the others.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import LexiconError
from tracker.tag.concepts import DATA, THEMES, Concept, Scan, Vocabulary, concepts
from tracker.tag.lexical import Lexical, word_grams

if TYPE_CHECKING:
    from tracker.tag.view import View

MODEL = DATA / "model.json"
FLAGS = (
    "drug", "title", "first", "two names", "three names", "four names", "context", "class", "percent", "year",
    "number", "numbers", *(f"length {i}" for i in range(5)),
)  # fmt: skip
GENERAL = ("animal", "therapy", "research", "law", "forum", "chem", "offtopic")
OF_DOCUMENT = (
    "best", "title", "all", "says", "likely", "sentences", "substances", "not english", "words", "signs",
    *(f"best {t}" for t in THEMES), *(f"general {g}" for g in GENERAL),
)  # fmt: skip
SENTENCES = OF_DOCUMENT.index("sentences")
LENGTH = 1.0  # the longer the text, the less its best sentence decides alone (log odds a unit of log sentences)
UNIT = 1e-4  # weights are whole numbers of this unit, so that adding them up gives the same in any order
_MOST = 24  # sentences; the fit has seen few longer texts, and must not guess what still more would mean
_ONE_SENTENCE = math.log1p(1)
_LOWEST = -6.0  # the score of a sentence that is not there
_WEAK = -3.0  # where no sentence scores as much, adding them up is not worth its while
_BIAS = 1 << 17  # makes a weight in units positive
_UNPACK = struct.Struct(f"<{len(THEMES)}I").unpack
_BYTES = 4 * len(THEMES)
_NUMBER = re.compile(r"\d+")
_CENTURIES = ("19", "20")
_FULL = 90  # characters a step of the feature "length"


class Row(NamedTuple):
    """What step one sees of a sentence: meanings of its concepts in the vocabulary, flags, and strength by theme."""

    concepts: frozenset[int]
    flags: tuple[bool, ...]  # in the order of FLAGS
    own: dict[int, tuple[int, int]]  # theme's place -> greatest strength, sum of strengths (at most 9)
    names: int  # how many times a drug is named

    @property
    def drug(self) -> bool:
        """Whether a drug or a class of drugs is named in the sentence."""
        return self.flags[0]


def rows(view: View, seen: Scan) -> list[Row]:
    """One Row for each sentence of the view."""
    theme, power = seen.vocabulary.theme, seen.vocabulary.strength
    out, first = [], True
    for drugs, cls, context, sentence, said in zip(*_named(view), view.sentences, seen.sentences, strict=True):
        text, title = sentence.text, sentence.field == "title"
        found = frozenset([c.meaning for c in said.concepts])
        own: dict[int, tuple[int, int]] = {}
        for meaning in found:
            at = theme[meaning]
            if at >= 0:
                strength = power[meaning]
                if at in own:
                    most, total = own[at]
                    own[at] = (most if most > strength else strength, min(total + strength, 9))
                else:
                    own[at] = (strength, strength)
        numbers = _NUMBER.findall(text)
        year = bool(numbers) and any(len(n) == 4 and n[:2] in _CENTURIES for n in numbers)
        many, size = min(len(numbers), 3), min(4, len(text) // _FULL)
        out.append(
            Row(found, _flags(min(drugs, 4), cls, context, title, first, "%" in text, year, many, size), own, drugs)
        )
        first = first and title
    return out


@cache
def _flags(
    drugs: int, cls: bool, context: bool, title: bool, first: bool, percent: bool, year: bool, numbers: int, size: int
) -> tuple[bool, ...]:
    return (
        *(drugs > 0 or cls, title, first, drugs >= 2, drugs >= 3, drugs >= 4, context, cls),
        *(percent, year, numbers > 0, numbers >= 3, size == 0, size == 1, size == 2, size == 3, size == 4),
    )


def _named(view: View) -> tuple[list[int], list[bool], list[bool]]:
    """For each sentence how many drugs it names, and whether a class of drugs, and what is no drug (naloxone)."""
    sentences, size = view.sentences, len(view.sentences)
    drugs, cls, context = [0] * size, [False] * size, [False] * size
    for items, of_class in ((view.hits, False), (view.class_mentions, True)):
        at = 0
        for item in items:
            if at == size:
                at = 0
            start, field = item.start, item.field
            while at < size and (sentences[at].end <= start or sentences[at].field != field):
                at += 1
            if at == size:
                continue
            if of_class:
                cls[at] = True
            elif getattr(item, "reported", True):
                drugs[at] += 1
            else:
                context[at] = True
    return drugs, cls, context


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
    titles = sum([s.field == "title" for s in view.sentences])  # they stand first
    names = len({h.name for h in view.hits if h.reported})
    return features_of(found, scores, lexical, titles, names, view.language, seen.vocabulary)


def lexical_scores(
    weights: tuple[Lexical, Lexical], view: View, found: Sequence[Row], words: Vocabulary
) -> tuple[list[float], list[float]]:
    """What the words of the document say of each theme, and what its signs say."""
    by_words, by_signs = weights
    return (
        by_words.scores(word_grams(f"{view.title}\n{view.text}"), view.language),
        by_signs.sign_scores(found, words, view),
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
    best = list(map(max, zip(*scores[titles:], strict=True))) or [_LOWEST] * len(THEMES)
    title = list(map(max, zip(*scores[:titles], strict=True))) or [_LOWEST] * len(THEMES)
    basics = (math.log1p(min(len(scores) - titles, _MOST)), min(6, names) / 2, float(language != "en"))
    says, likely = [0] * len(THEMES), [0] * len(THEMES)
    for row in found[titles:]:
        for at, (most, _) in row.own.items():
            if most >= 2:
                likely[at] += 1
                says[at] += most >= 3
    highest = list(map(max, best, title))
    sums = list(map(together, zip(*scores, strict=True), highest)) or highest
    own = [
        (max(b, _LOWEST), max(t, _LOWEST), a, min(3, s), min(4, n), *basics, w, c)
        for b, t, a, s, n, w, c in zip(best, title, sums, says, likely, *lexical, strict=True)
    ]
    return Features(own, [0.3 * max(b, _LOWEST) for b in best] + _general(words, found))


def together(column: Sequence[float], best: float) -> float:
    """The log of the sum of the odds of sentences, the likeliest of which scores `best`: weak ones add up."""
    if best < _WEAK:
        return max(best, _LOWEST)
    return best + math.log(sum([math.exp(score - best) for score in column if score > _LOWEST]))


def _general(words: Vocabulary, found: Sequence[Row]) -> list[float]:
    context = _contexts(words)
    present = {context[m] for row in found for m in row.concepts if m in context}
    return [float(name in present) for name in GENERAL]


@cache
def _contexts(words: Vocabulary) -> dict[int, str]:
    """The meanings that tell of the kind of text and of no theme, by name."""
    return {i: m[1] for i, m in enumerate(words.meanings) if m[0] == "general"}


class Lanes(NamedTuple):
    """The weights of step one for all themes, each feature's side by side in one integer; the keys are features."""

    plain: dict[Concept, int]
    with_drug: dict[Concept, int]  # in a sentence that names a drug: plain and what is extra
    with_two: dict[Concept, int]  # in one that names two
    own: dict[tuple[int, int, bool], int]  # place of a theme, greatest strength of its cues, beside a drug's name
    flags: tuple[tuple[int, ...], ...]  # in the order of FLAGS, in units
    bias: tuple[int, ...]  # in units


def lane(units: Sequence[int]) -> int:
    """Weights in units (one a theme) as one integer."""
    return int.from_bytes(b"".join([(u + _BIAS).to_bytes(4, "little") for u in units]), "little")


@dataclass(frozen=True, slots=True)
class Model:
    """The weights. Vectors have one number a theme, in the order of THEMES."""

    sentence: Lanes
    document_bias: tuple[float, ...]
    document: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]  # theme -> weights of OF_DOCUMENT, as `halves`
    thresholds: tuple[float, ...]  # probability from which a theme is given
    lexical: tuple[Lexical, Lexical] | None = None  # words and signs; None for the shipped ones
    _tables: dict[tuple[int, int], list[int]] = field(default_factory=dict, repr=False, compare=False)
    _bases: dict[tuple[bool, ...], int] = field(default_factory=dict, repr=False, compare=False)

    def sentence_scores(self, row: Row, words: Vocabulary) -> list[float]:
        """Log odds that the sentence is evidence for each theme."""
        flags = row.flags
        kind = 2 if flags[3] else 1 if flags[0] else 0
        table = self._tables.get((id(words), kind)) or self._table(words, kind)
        lanes = [table[m] for m in row.concepts]
        lanes.append(self._bases.get(flags) or self._base(flags))
        if row.own:
            own = self.sentence.own
            lanes += [own[at, most, flags[0]] for at, (most, _) in row.own.items() if most]
        offset = len(lanes) * _BIAS
        return [UNIT * (total - offset) for total in _UNPACK(sum(lanes).to_bytes(_BYTES, "little"))]

    def _table(self, words: Vocabulary, named: int) -> list[int]:
        """Weights by meaning, for sentences with no, one or more drugs named."""
        weights = (self.sentence.plain, self.sentence.with_drug, self.sentence.with_two)[named]
        nothing = lane([0] * len(THEMES))
        table = [weights.get(m, nothing) if isinstance(m, Concept) else nothing for m in words.meanings]
        self._tables[id(words), named] = table
        return table

    def _base(self, flags: tuple[bool, ...]) -> int:
        """Bias and flags."""
        given = [units for flag, units in zip(flags, self.sentence.flags, strict=True) if flag]
        base = self._bases[flags] = lane([sum(column) for column in zip(self.sentence.bias, *given, strict=True)])
        return base

    def probabilities(self, features: Features) -> list[float]:
        """For each theme the probability that the document has it."""
        out = []
        shared = features.shared
        for bias, (mine, common), own in zip(self.document_bias, self.document, features.own, strict=True):
            z = bias + sum(map(mul, mine, own)) + sum(map(mul, common, shared))
            alone = own[0] - LENGTH * (own[SENTENCES] - _ONE_SENTENCE)  # what the best sentence says by itself
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
    known: dict[str, list[list[int]]] = raw["concepts"]  # type: ignore[assignment]
    weights: dict[str, list[list[float]]] = raw["weights"]  # type: ignore[assignment]
    units: dict[str, list[list[int]]] = raw["weights"]  # type: ignore[assignment]
    return Model(
        sentence=lanes_of({c: known[c.key] for c in concepts() if c.key in known}, units),
        document_bias=tuple(weights["document_bias"][0]),
        document=halves(weights["document"]),
        thresholds=tuple(weights["thresholds"][0]),
    )


def halves(document: Sequence[Sequence[float]]) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    """Weights of OF_DOCUMENT for each theme: those of its own features, and those of the features all themes share."""
    own = len(OF_DOCUMENT) - len(THEMES) - len(GENERAL)
    return tuple((tuple(w[:own]), tuple(w[own:])) for w in document)


def lanes_of(known: Mapping[Concept, Sequence[Sequence[int]]], weights: Mapping[str, Sequence[Sequence[int]]]) -> Lanes:
    """Step one from weights in units: of each concept (plain, extra beside a drug, extra beside two), of strengths in
    the order of `own_keys`, of flags, and the bias."""
    sums = {c: [_added(w[: n + 1]) for n in range(3)] for c, w in known.items()}
    by_key = dict(zip(own_keys(), weights["own"], strict=True))
    return Lanes(
        plain={c: lane(s[0]) for c, s in sums.items()},
        with_drug={c: lane(s[1]) for c, s in sums.items()},
        with_two={c: lane(s[2]) for c, s in sums.items()},
        own={
            (at, most, drug): lane(_added([by_key[k] for k in own_features(at, most, drug)]))
            for at in range(len(THEMES))
            for most in (1, 2, 3)
            for drug in (False, True)
        },
        flags=tuple(map(tuple, weights["flags"])),
        bias=tuple(weights["bias"][0]),
    )


def _added(vectors: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*vectors, strict=True)]


def own_keys() -> list[tuple[int, int, bool]]:
    """The features of strength: theme's place, reached strength, and whether beside a drug's name."""
    reached = ((1, False), (2, False), (3, False), (2, True), (3, True))
    return [(at, least, drug) for at in range(len(THEMES)) for least, drug in reached]


def own_features(at: int, most: int, drug: bool) -> list[tuple[int, int, bool]]:
    """Those of `own_keys` that hold where the theme's strongest cue has strength `most`."""
    return [(at, n, False) for n in range(1, most + 1)] + [(at, n, True) for n in range(2, most + 1) if drug]
