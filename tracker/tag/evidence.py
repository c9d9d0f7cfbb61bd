"""Which sentence is the evidence for a theme, and whether the document affirms the theme, denies it or doubts it.

Two linear steps with plain numbers from `data/themes/evidence.json` (made by `python -m training.evidence`). Step one
gives each sentence that comes into question its share of the evidence (a softmax over the sentences). Step two weighs
what these sentences say: affirmed before negated before hypothetical, but only by statements that are likely to be
about the theme. The evidence is then the likeliest sentence that says so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import LexiconError
from tracker.tag.assertion import AFFIRMED, Scope, Verdict, judge_said, of_truth, scopes_of
from tracker.tag.concepts import DATA, THEMES, Scan

if TYPE_CHECKING:
    from tracker.model import Assertion
    from tracker.tag.theme_model import Row
    from tracker.tag.view import View

WEIGHTS = DATA / "evidence.json"
VERDICTS: tuple[Assertion, ...] = ("affirmed", "negated", "hypothetical")
PLACE = (
    "drug", "names", "many names", "place", "first", "second", "depth", "short", "length", "length squared", "long",
    "no full stop", "question", "digits", "quote", "title",
)  # fmt: skip
CUES = ("hint", "likely", "says", "sum")
SAYING = (
    "affirmed", "negated", "hypothetical", "affirms it", "denies it", "denies something", "doubts it",
    "doubts something", "scope denies", "scope doubts",
)  # fmt: skip
SCORES = ("score", "best", "other themes", "strongest other", "on top")
FEATURES = (*PLACE, *CUES, *SAYING, *SCORES)
CANDIDATES = 4  # sentences looked at more closely, by their scores
BEHIND = 2.5  # of these, how far a sentence may score behind the best one
DECIDING = 3  # and as many more that hold a phrase which decides for the theme
QUESTION = 1.5  # what a question loses: "Is kratom a controlled substance?" says nothing yet
LATER = 0.02  # what each sentence further down loses, up to ten of them: annotators take the first good one
NAMED = 0.3  # what a sentence gains that names a drug
_FLOOR = 0.01  # the share of evidence below which none counts
_DIGIT = re.compile(r"\d")
_SCORES_AT = len(FEATURES) - len(SCORES)
_LOGS = tuple(math.log1p(n) for n in range(len(THEMES) + 1))


class Choice(NamedTuple):
    """The evidence: number of the sentence, and what the document says of the theme by which cue."""

    sentence: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Weights:
    """Step one: a weight for each of FEATURES. Step two: feature -> log odds of VERDICTS."""

    step_one: tuple[float, ...]
    step_two: Mapping[str, tuple[float, ...]]
    _kept: dict[object, float] = field(default_factory=dict, repr=False, compare=False)  # sums worked out before

    def place(self, features: Sequence[float]) -> float:
        """What a sentence is worth wherever it serves; `features` are PLACE."""
        total: float = sum(map(mul, self.step_one, features))
        return total

    def rest(self, own: tuple[int, int], verdict: Verdict, scores: Sequence[float]) -> float:
        """What it is worth for one theme: cues of the theme (most, sum), what it says, and the features SCORES."""
        key = (own, verdict)
        kept = self._kept.get(key)
        if kept is None:
            start = len(PLACE)
            features = (*cue_features(own), *saying_features(own, verdict))
            kept = self._kept[key] = sum(map(mul, self.step_one[start:], features))
        total: float = sum(map(mul, self.step_one[_SCORES_AT:], scores), kept)
        return total


def cue_features(own: tuple[int, int]) -> tuple[float, ...]:
    """The features CUES: the greatest strength of the theme's cues in the sentence, and the sum of strengths."""
    most, total = own
    return (most >= 1, most >= 2, most >= 3, total / 9)


def saying_features(own: tuple[int, int], verdict: Verdict) -> tuple[float, ...]:
    """The features SAYING."""
    says, cue, likely = verdict.assertion, verdict.cue, own[0] >= 2
    denies, doubts = cue == "decides_negated", cue == "decides_hypothetical"
    return (
        says == "affirmed",
        says == "negated",
        says == "hypothetical",
        cue == "decides_affirmed",
        denies and likely,
        denies and not likely,
        doubts and likely,
        doubts and not likely,
        says == "negated" and not denies,
        says == "hypothetical" and not doubts,
    )


class _Sentence(NamedTuple):
    """What holds of a sentence for all themes: PLACE, its two highest scores, and how many are above zero."""

    place: tuple[float, ...]
    first: float
    second: float
    positive: int


class Picker:
    """Chooses evidence in one document. What depends on the sentence alone is worked out once."""

    def __init__(self, view: View, seen: Scan, found: Sequence[Row], scores: Sequence[Sequence[float]]) -> None:
        self._view, self._seen, self._rows, self.scores = view, seen, found, scores
        sentences = view.sentences
        self.places = [i for i, s in enumerate(sentences) if s.field == "text"] or list(range(len(sentences)))
        self._favour = [
            NAMED * found[i].drug - LATER * min(at, 10) - QUESTION * sentences[i].text.endswith("?")
            for at, i in enumerate(self.places)
        ]
        self._deciding = _deciding(seen, self.places)
        self._known: dict[int, _Sentence] = {}
        self._worth: dict[int, float] = {}
        self._scopes: dict[int, Sequence[Scope]] = {}

    def candidates(self, theme: int) -> list[int]:
        """The sentences that come into question, in order."""
        scores = self.scores
        ranked = sorted([(scores[i][theme] + more, -i) for i, more in zip(self.places, self._favour, strict=True)])
        least = ranked[-1][0] - BEHIND
        top = [-i for value, i in ranked[-CANDIDATES:] if value >= least]
        if deciding := self._deciding.get(THEMES[theme]):
            more = [-i for _, i in ranked[: -len(top)] if -i in deciding]
            top += more[-DECIDING:]
        return sorted(top)

    def verdict(self, theme: int, number: int) -> Verdict:
        """What one sentence says of the theme."""
        said = self._seen.sentences[number]
        if not said.marks:
            return AFFIRMED
        if number not in self._scopes:
            self._scopes[number] = of_truth(scopes_of(self._view, self._seen, number)[0])
        scopes, decides = self._scopes[number], number in self._deciding.get(THEMES[theme], ())
        if not scopes and not decides:
            return AFFIRMED
        return judge_said(THEMES[theme], said, self._seen.vocabulary, scopes, decides)

    def features(self, theme: int, numbers: Sequence[int], verdicts: Sequence[Verdict]) -> list[tuple[float, ...]]:
        """For each of the sentences its FEATURES."""
        best = max(self.scores[i][theme] for i in numbers)
        out = []
        for i, verdict in zip(numbers, verdicts, strict=True):
            own = self._rows[i].own.get(theme, (0, 0))
            sentence = self._sentence(i)
            scores = self._score_features(theme, i, best, sentence)
            out.append((*sentence.place, *cue_features(own), *saying_features(own, verdict), *scores))
        return out

    def choose(self, weights: Weights, theme: int) -> Choice:
        """The best sentence for the theme, and what the document says of it."""
        numbers = self.candidates(theme)
        verdicts = [self.verdict(theme, i) for i in numbers]
        values = self._values(weights, theme, numbers, verdicts)
        says = verdicts[0].assertion
        if any(v.assertion != says for v in verdicts):
            says = _says(weights, theme, values, verdicts, [self.scores[i][theme] for i in numbers])
        best = max((k for k, v in enumerate(verdicts) if v.assertion == says), key=values.__getitem__)
        return Choice(numbers[best], verdicts[best])

    def _values(self, weights: Weights, theme: int, numbers: Sequence[int], verdicts: Sequence[Verdict]) -> list[float]:
        """The sum of weights and FEATURES for each sentence."""
        best = max([self.scores[i][theme] for i in numbers])
        out = []
        for i, verdict in zip(numbers, verdicts, strict=True):
            sentence = self._sentence(i)
            if i not in self._worth:
                self._worth[i] = weights.place(sentence.place)
            own = self._rows[i].own.get(theme, (0, 0))
            out.append(self._worth[i] + weights.rest(own, verdict, self._score_features(theme, i, best, sentence)))
        return out

    def _score_features(self, theme: int, number: int, best: float, sentence: _Sentence) -> tuple[float, ...]:
        """The features SCORES."""
        score, (_, first, second, positive) = self.scores[number][theme], sentence
        other = second if score >= first else first
        return (score / 4, score >= best, _LOGS[positive - (score > 0)], other / 8, score >= first)

    def _sentence(self, number: int) -> _Sentence:
        known = self._known.get(number)
        if known is None:
            scores = self.scores[number]
            second, first = sorted(scores)[-2:]
            positive = len([score for score in scores if score > 0])
            known = self._known[number] = _Sentence(self._place(number), first, second, positive)
        return known

    def _place(self, number: int) -> tuple[float, ...]:
        """The features PLACE."""
        sentence, flags = self._view.sentences[number], self._rows[number].flags
        at = number - self.places[0]
        length = min(sentence.end - sentence.start, 400) / 200
        text = sentence.text
        return (
            flags[0],
            flags[3],
            flags[3] >= 1,
            math.log1p(at) / 2,
            at == 0,
            at == 1,
            at / max(1, len(self.places) - 1),
            length < 0.2,
            length,
            length * length,
            length > 1.25,
            text[-1:] not in '.!?"”»)',
            text[-1:] == "?",
            _DIGIT.search(text) is not None,
            text[:1] in "\"“„«‘'",
            text == self._view.title,
        )


def _deciding(seen: Scan, places: Sequence[int]) -> dict[str, set[int]]:
    """Theme -> sentences with a phrase that decides for it."""
    meanings = seen.vocabulary.meanings
    out: dict[str, set[int]] = {}
    for i in places:
        for cue in seen.sentences[i].marks:
            theme = meanings[cue.meaning][1]
            if theme:
                out.setdefault(theme, set()).add(i)
    return out


def shares(values: Sequence[float]) -> list[float]:
    """The softmax of the values."""
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    total = sum(powers)
    return [power / total for power in powers]


def says_features(
    theme: int, shared: Sequence[float], verdicts: Sequence[Verdict], scores: Sequence[float]
) -> dict[str, float]:
    """What step two sees: how much of the evidence says what, by what kind of cue, how well the sentence that speaks
    most for the theme says so, and what the best sentence says. `scores` are the log odds of the theme."""
    name = THEMES[theme]
    out = {"": 1.0, "theme " + name: 1.0}
    mass = dict.fromkeys(VERDICTS, 0.0)
    for share, verdict, score in zip(shared, verdicts, scores, strict=True):
        mass[verdict.assertion] += share
        if verdict.cue:
            out[verdict.cue] = out.get(verdict.cue, 0.0) + share
        key = "score " + verdict.assertion
        out[key] = max(out.get(key, -1.5), min(score, 4.0) / 4)
    affirmed = math.log(mass["affirmed"] + _FLOOR)
    for says in VERDICTS[1:]:
        out[says] = mass[says]
        out[f"{says} {name}"] = mass[says]
        out[f"odds {says}"] = (math.log(mass[says] + _FLOOR) - affirmed) / 3
    out["top " + verdicts[max(range(len(shared)), key=shared.__getitem__)].assertion] = 1.0
    return out


def _says(
    weights: Weights, theme: int, values: Sequence[float], verdicts: Sequence[Verdict], scores: Sequence[float]
) -> Assertion:
    """The likeliest of the assertions that are given at all."""
    totals = [0.0] * len(VERDICTS)
    for name, value in says_features(theme, shares(values), verdicts, scores).items():
        for k, weight in enumerate(weights.step_two.get(name, ())):
            totals[k] += weight * value
    given = {v.assertion for v in verdicts}
    return max(
        (total, -k, says) for k, (says, total) in enumerate(zip(VERDICTS, totals, strict=True)) if says in given
    )[2]


@cache
def weights() -> Weights:
    """The shipped weights. Raises LexiconError when the file is missing, damaged or made for other features."""
    try:
        raw = json.loads(WEIGHTS.read_text("utf-8"))
        one, two = raw["evidence"], raw["says"]
        if list(one) != list(FEATURES):
            raise ValueError("fitted for other features")
        return Weights(
            step_one=tuple(float(one[name]) for name in FEATURES),
            step_two={name: tuple(map(float, row)) for name, row in two.items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LexiconError(f"{WEIGHTS} is missing or damaged ({error!r}); run `python -m training.evidence`") from error
