"""The fitted part of the themes: which sentence speaks for which theme, and which themes a document has.

Two linear steps with plain numbers from `data/themes/model.json` (made by `python -m training.fit`). Step one scores
each sentence for each theme from the concepts found in it; step two scores the document from its best sentences.
Features are concepts, not words, so what is learnt in one language holds in the others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import LexiconError
from tracker.tag.concepts import DATA, THEMES, Concept, Scan, concepts

if TYPE_CHECKING:
    from tracker.tag.view import View

MODEL = DATA / "model.json"
FLAGS = ("drug", "title", "first", "names", "length")
OWN = ("hint", "likely", "says", "sum", "likely with a drug")
GENERAL = ("animal", "therapy", "research", "law", "forum", "chem", "offtopic")
OF_DOCUMENT = (
    "best", "second", "third", "title", "says", "likely", "sentences", "substances", "not english", "all sentences",
    *(f"best {t}" for t in THEMES), *(f"general {g}" for g in GENERAL),
)  # fmt: skip
_LOWEST = -5.0  # the score of a sentence that is not there
_OWN_SCALE = 2.0  # makes the hand-given strengths cheap to use for the regularised fit
_AT = {theme: i for i, theme in enumerate(THEMES)}


class Row(NamedTuple):
    """What step one sees of a sentence: its concepts, the flags of FLAGS in order, and strength by theme."""

    concepts: tuple[Concept, ...]
    flags: tuple[float, ...]
    own: tuple[tuple[int, int, int], ...]  # (theme's place, greatest strength, sum of strengths)

    @property
    def drug(self) -> bool:
        """Whether a drug or a class of drugs is named in the sentence."""
        return bool(self.flags[0])


def rows(view: View, seen: Scan) -> list[Row]:
    """One Row for each sentence of the view."""
    names = _names_by_sentence(view)
    meanings = seen.vocabulary.meanings
    out, first = [], True
    for number, (sentence, cues) in enumerate(zip(view.sentences, seen.sentences, strict=True)):
        found = dict.fromkeys(m for c in cues if isinstance(m := meanings[c.meaning], Concept))
        title = sentence.field == "title"
        drug, count = names[number]
        flags = (
            float(drug),
            float(title),
            float(title or first),
            min(count, 4) / 4,
            min(len(sentence.text), 360) / 360,
        )
        first = first and title
        out.append(Row(tuple(found), flags, _own(found)))
    return out


def _own(found: dict[Concept, None]) -> tuple[tuple[int, int, int], ...]:
    best: dict[int, tuple[int, int]] = {}
    for concept in found:
        at = _AT.get(concept.theme)  # type: ignore[call-overload]
        if at is not None:
            most, total = best.get(at, (0, 0))
            best[at] = (max(most, concept.strength), total + concept.strength)
    return tuple((at, most, total) for at, (most, total) in best.items())


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


def document_features(view: View, found: Sequence[Row], scores: Sequence[Sequence[float]]) -> list[list[float]]:
    """For each theme the features OF_DOCUMENT, from the scores of step one."""
    text = [i for i, s in enumerate(view.sentences) if s.field == "text"]
    columns = list(zip(*(scores[i] for i in text), strict=True)) or [()] * len(THEMES)
    titles = [scores[i] for i in range(len(scores) - len(text))]
    best = [max(column, default=_LOWEST) for column in columns]
    levels = _levels(found, text)
    general = _general(found)
    shared = [0.3 * b for b in best] + general
    basics = (
        math.log1p(len(text)),
        min(6, len({h.name for h in view.hits if h.reported})) / 2,
        float(view.language != "en"),
    )
    out = []
    for t, column in enumerate(columns):
        top = sorted(column, reverse=True)[:3] + [_LOWEST] * 3
        title = max((s[t] for s in titles), default=_LOWEST)
        total = sum(1 / (1 + math.exp(-z)) for z in column)
        out.append([top[0], top[1], top[2], max(title, _LOWEST), *levels[t], *basics, math.log(total + 1e-3), *shared])
    return out


def _levels(found: Sequence[Row], text: Sequence[int]) -> list[tuple[float, float]]:
    says, likely = [0] * len(THEMES), [0] * len(THEMES)
    for i in text:
        for at, most, _ in found[i].own:
            likely[at] += most >= 2
            says[at] += most >= 3
    return [(float(min(3, s)), float(min(4, n))) for s, n in zip(says, likely, strict=True)]


def _general(found: Sequence[Row]) -> list[float]:
    present = {c.name for row in found for c in row.concepts if c.theme == "general"}
    return [float(name in present) for name in GENERAL]


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

    def sentence_scores(self, row: Row) -> list[float]:
        """Log odds that the sentence is evidence for each theme."""
        table = self.with_drug if row.drug else self.plain
        vectors = [self.bias]
        vectors += [table[c] for c in row.concepts if c in table]
        out = list(map(sum, zip(*vectors, strict=True)))
        for value, weights in zip(row.flags, self.flags, strict=True):
            if value:
                out = [z + value * w for z, w in zip(out, weights, strict=True)]
        for at, most, total in row.own:
            out[at] += sum(map(mul, own_features(most, total, row.drug), self.own[at]))
        return out

    def probabilities(self, features: Sequence[Sequence[float]]) -> list[float]:
        """For each theme the probability that the document has it."""
        out = []
        for bias, weights, values in zip(self.document_bias, self.document, features, strict=True):
            out.append(1 / (1 + math.exp(-max(-500.0, bias + sum(map(mul, weights, values))))))
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
