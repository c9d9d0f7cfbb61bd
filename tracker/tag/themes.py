"""Risk themes of a document: which it has, the sentence that says so, about which substances, and whether it is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import Assertion, Mention, ThemeTag
from tracker.tag.assertion import Verdict, judge_theme
from tracker.tag.concepts import THEMES, Concept, Scan, scan, speaks_of_drugs
from tracker.tag.lexical import lexical
from tracker.tag.theme_model import Model, Row, document_features, lexical_scores, model, rows

if TYPE_CHECKING:
    from tracker.model import Theme
    from tracker.tag.view import View

ALSO = 1.0  # how far below the best sentence another may score and still have a say on the assertion
QUESTION = 1.5  # what a question loses: "Is kratom a controlled substance?" says nothing yet
LATER = 0.02  # what each sentence further down loses, up to ten of them: annotators take the first good one
NAMED = 0.3  # what a sentence gains that names a drug
_ORDER: tuple[Assertion, ...] = ("affirmed", "negated", "hypothetical")


def find(view: View, mentions: Sequence[Mention]) -> tuple[ThemeTag, ...]:
    """The themes of a document in the order of the contract. A text that speaks of no drug has none."""
    if not of_drugs(view):
        return ()
    seen = scan(view)
    return themes_with(model(), view, seen, rows(view, seen))


def of_drugs(view: View) -> bool:
    """Whether a substance or class is named, or drugs are spoken of in general ("overdose", "Rauschgift")."""
    if view.class_mentions or any(hit.reported for hit in view.hits):
        return True
    return speaks_of_drugs(f"{view.title}\n{view.text}", view.language)


def themes_with(weights: Model, view: View, seen: Scan, found: Sequence[Row]) -> tuple[ThemeTag, ...]:
    """The themes by one set of weights; `found` are the rows of `seen`."""
    if not of_drugs(view):
        return ()
    words = seen.vocabulary
    scores = [weights.sentence_scores(row, words) for row in found]
    said = lexical_scores(weights.lexical or lexical(), view, found, words)
    chances = weights.probabilities(document_features(view, seen, found, scores, said))
    places = [i for i, s in enumerate(view.sentences) if s.field == "text"] or list(range(len(scores)))
    first = places[0] if places else 0
    favour = [
        NAMED * row.drug - LATER * min(i - first, 10) - QUESTION * s.text.endswith("?")
        for i, (s, row) in enumerate(zip(view.sentences, found, strict=True))
    ]
    tags = []
    for t, theme in enumerate(THEMES):
        if chances[t] >= weights.thresholds[t]:
            value = {i: scores[i][t] + favour[i] for i in places}
            tags.append(_tag(theme, value, view, seen, found))
    return tuple(tags)


class _Choice(NamedTuple):
    sentence: int
    score: float
    verdict: Verdict


def _tag(theme: Theme, value: Mapping[int, float], view: View, seen: Scan, found: Sequence[Row]) -> ThemeTag:
    """The tag with its best sentence; `value` says how well each sentence speaks for the theme."""
    least = max(value.values()) - ALSO
    choices = [
        _Choice(i, score, judge_theme(theme, view.sentences[i], seen.sentences[i], seen.vocabulary))
        for i, score in value.items()
        if score >= least
    ]
    choice = min(choices, key=lambda c: (_ORDER.index(c.verdict.assertion), -c.score))
    sentence = view.sentences[choice.sentence]
    return ThemeTag(
        theme=theme,
        assertion=choice.verdict.assertion,
        evidence=sentence.text,
        field=sentence.field,
        start=sentence.start,
        end=sentence.end,
        substances=_substances(choice.sentence, view),
        rule=_rule(theme, choice, seen, found),
    )


def _substances(number: int, view: View) -> tuple[str, ...]:
    """Names in the sentence; where it has none ("It was seen in 2016"), those of the sentence before."""
    for at in (number, number - 1):
        if at < 0 or view.sentences[at].field != view.sentences[number].field:
            break
        sentence = view.sentences[at]
        names = dict.fromkeys(
            h.name
            for h in view.hits
            if h.reported and h.field == sentence.field and sentence.start <= h.start < sentence.end
        )
        if names:
            return tuple(names)
    return ()


def _rule(theme: Theme, choice: _Choice, seen: Scan, found: Sequence[Row]) -> str:
    """What fired: the theme's strongest concept in the sentence with its words, and what decided the assertion."""
    meanings = seen.vocabulary.meanings
    own = [m for c in found[choice.sentence].concepts if (m := meanings[c])[0] == theme and isinstance(m, Concept)]
    told = max(own, key=lambda m: (m.strength, m.name)).key if own else "document"
    return f"{told}; {choice.verdict.cue}" if choice.verdict.cue else told
