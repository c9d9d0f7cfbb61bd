"""Risk themes of a document: which it has, the sentence that says so, about which substances, and whether it is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tracker.model import Mention, ThemeTag
from tracker.tag.assertion import sentence_of
from tracker.tag.concepts import THEMES, Concept, Scan, scan, speaks_of_drugs
from tracker.tag.evidence import Choice, Picker
from tracker.tag.evidence import weights as evidence_weights
from tracker.tag.lexical import lexical
from tracker.tag.theme_model import Model, Row, document_features, lexical_scores, model, rows

if TYPE_CHECKING:
    from tracker.model import Theme
    from tracker.tag.view import View


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
    picker, best = Picker(view, seen, found, scores), evidence_weights()
    names = _names_by_sentence(view)
    return tuple(
        _tag(theme, picker.choose(best, t), view, seen, found, names)
        for t, theme in enumerate(THEMES)
        if chances[t] >= weights.thresholds[t] and picker.places
    )


def _tag(
    theme: Theme,
    choice: Choice,
    view: View,
    seen: Scan,
    found: Sequence[Row],
    names: Mapping[int, Mapping[str, None]],
) -> ThemeTag:
    """The tag with its evidence."""
    sentence = view.sentences[choice.sentence]
    return ThemeTag(
        theme=theme,
        assertion=choice.verdict.assertion,
        evidence=sentence.text,
        field=sentence.field,
        start=sentence.start,
        end=sentence.end,
        substances=_substances(choice.sentence, names, view),
        rule=_rule(theme, choice, seen, found),
    )


def _names_by_sentence(view: View) -> dict[int, dict[str, None]]:
    """Sentence -> the names in it, in order and once each."""
    found: dict[int, dict[str, None]] = {}
    for hit, number in zip(view.hits, sentence_of(view), strict=True):
        if hit.reported and number >= 0:
            found.setdefault(number, {})[hit.name] = None
    return found


def _substances(number: int, names: Mapping[int, Mapping[str, None]], view: View) -> tuple[str, ...]:
    """Names in the sentence; where it has none ("It was seen in 2016"), those of the sentence before."""
    if number in names:
        return tuple(names[number])
    before = number - 1
    if before in names and view.sentences[before].field == view.sentences[number].field:
        return tuple(names[before])
    return ()


def _rule(theme: Theme, choice: Choice, seen: Scan, found: Sequence[Row]) -> str:
    """What fired: the theme's strongest concept in the sentence with its words, and what decided the assertion."""
    meanings = seen.vocabulary.meanings
    own = [m for c in found[choice.sentence].concepts if (m := meanings[c])[0] == theme and isinstance(m, Concept)]
    told = max(own, key=lambda m: (m.strength, m.name)).key if own else "document"
    return f"{told}; {choice.verdict.cue}" if choice.verdict.cue else told
