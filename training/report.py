"""Figures of a cross-validation: themes by theme and language, assertion by class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tracker.tag.concepts import THEMES
from tracker.tag.theme_model import Model
from tracker.tag.themes import themes_with
from training.labelled import Labelled


def report(predicted: Iterable[tuple[Labelled, Model]]) -> dict[str, object]:
    """Precision, recall, F1 per theme and over all; assertion accuracy by class on the themes found."""
    per_theme: dict[str, Counter[str]] = {theme: Counter() for theme in THEMES}
    languages: dict[str, Counter[str]] = defaultdict(Counter)
    assertions: dict[str, Counter[str]] = defaultdict(Counter)
    same_sentence = Counter()  # type: ignore[var-annotated]
    for document, model in predicted:
        given = {t.theme: t for t in themes_with(model, document.view, document.seen, document.rows)}
        for theme in THEMES:
            outcome = {(True, True): "tp", (False, True): "fp", (True, False): "fn"}.get(
                (theme in document.themes, theme in given)
            )
            if outcome:
                per_theme[theme][outcome] += 1
                languages["en" if document.language == "en" else "other"][outcome] += 1
            if outcome == "tp":
                assertions[document.themes[theme]][given[theme].assertion] += 1
                wanted = [document.view.sentences[n].text for n, ts in document.evidence.items() if theme in ts]
                same_sentence[given[theme].evidence in wanted] += 1
    figures = {theme: _prf(counts) for theme, counts in per_theme.items()}
    right = sum(counts[kind] for kind, counts in assertions.items())
    seen = sum(sum(counts.values()) for counts in assertions.values())
    return {
        "micro": _prf(sum(per_theme.values(), Counter())),
        "macro_f1": round(sum(f["f1"] for f in figures.values()) / len(figures), 4),
        "by_language": {name: _prf(counts) for name, counts in sorted(languages.items())},
        "per_theme": figures,
        "assertion_accuracy": round(right / max(1, seen), 4),
        "assertion": {kind: dict(counts) for kind, counts in assertions.items()},
        "same_sentence_as_label": round(same_sentence[True] / max(1, sum(same_sentence.values())), 4),
    }


def _prf(counts: Mapping[str, int]) -> dict[str, float]:
    tp, fp, fn = (counts.get(k, 0) for k in ("tp", "fp", "fn"))
    precision, recall = tp / max(1, tp + fp), tp / max(1, tp + fn)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * tp / max(1, 2 * tp + fp + fn), 4),
        "tp": tp,
        "fp": fp,
        "fn": fn,
    }
