"""Labelled documents as the fit sees them: the tagger's view, and which sentence is evidence for which theme."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracker.errors import TrackerError
from tracker.tag import Tagger, _Input
from tracker.tag.concepts import THEMES, Scan, scan
from tracker.tag.theme_model import Row, rows
from tracker.tag.view import View


@dataclass(frozen=True)
class Labelled:
    """One document: what the tagger sees, and what the annotators said."""

    id: str
    language: str
    view: View
    seen: Scan
    rows: Sequence[Row]
    themes: dict[str, str]  # theme -> assertion
    evidence: dict[int, dict[str, str]] = field(default_factory=dict)  # sentence -> theme -> assertion


def read(paths: Iterable[Path], tagger: Tagger) -> list[Labelled]:
    """All documents of JSONL files, in order of file name and line. Raises TrackerError for a line that is none."""
    found: dict[str, Labelled] = {}
    for path in sorted(paths):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
                themes = {t["theme"]: t["assertion"] for t in document["themes"]}
                if unknown := themes.keys() - set(THEMES):
                    raise ValueError(f"unknown themes {sorted(unknown)}")
                found.setdefault(document["id"], _labelled(document, themes, tagger))
            except (ValueError, KeyError, TypeError) as error:
                raise TrackerError(f"{path}, line {number}: not a labelled document ({error!r})") from error
    return list(found.values())


def _labelled(document: dict, themes: dict[str, str], tagger: Tagger) -> Labelled:  # type: ignore[type-arg]
    given = _Input(document["text"], document.get("title") or "", document["language"], None, document.get("url"), None)
    view, _ = tagger._look(given)  # not `look`: that needs the weights which are only about to be fitted
    seen = scan(view)
    labelled = Labelled(document["id"], document["language"], view, seen, rows(view, seen), themes)
    for theme in document["themes"]:
        place = _sentence(view, theme["evidence"].strip())
        if place is not None:
            labelled.evidence.setdefault(place, {})[theme["theme"]] = theme["assertion"]
    return labelled


def _sentence(view: View, evidence: str) -> int | None:
    """The sentence of the text that shares most with the evidence; else one of the title."""
    best, length = None, 0
    for number, sentence in enumerate(view.sentences):
        if sentence.text in evidence or evidence in sentence.text:
            shared = min(len(sentence.text), len(evidence)) + (sentence.field == "text")
            if shared > length:
                best, length = number, shared
    return best
