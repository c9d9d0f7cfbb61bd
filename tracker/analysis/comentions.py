"""Which substances stand together: adulterant and sold-as pairs in affirmed sentences, with counts and first dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.analysis import weeks
from tracker.analysis.rows import DocumentRow
from tracker.analysis.signals import stories, voices
from tracker.model import Theme

PAIR_THEMES: tuple[Theme, ...] = ("adulteration", "counterfeit", "polydrug")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two substances that affirmed sentences of one theme name together; `a` < `b`."""

    a: str
    b: str
    theme: Theme
    stories: int
    sources: int  # independent ones
    first_seen: datetime
    first_published: str | None
    documents: tuple[int, ...]


def pairs(documents: Iterable[DocumentRow], *, themes: tuple[Theme, ...] = PAIR_THEMES) -> tuple[Pair, ...]:
    """All pairs in the affirmed sentences of the themes, the most frequent first."""
    together: dict[tuple[str, str, Theme], dict[int, DocumentRow]] = defaultdict(dict)
    for document in documents:
        if not (document.relevant and document.kept):
            continue
        for theme in document.affirmed(*themes):
            names = sorted(set(theme.substances))
            for place, a in enumerate(names):
                for b in names[place + 1 :]:
                    together[a, b, theme.theme][document.id] = document
    made = [_pair(key, list(found.values())) for key, found in together.items()]
    return tuple(sorted(made, key=lambda pair: (-pair.stories, pair.a, pair.b, pair.theme)))


def _pair(key: tuple[str, str, Theme], documents: list[DocumentRow]) -> Pair:
    published = [row.published for row in documents if row.published]
    return Pair(
        *key,
        stories=stories(documents),
        sources=voices(documents),
        first_seen=min(row.first_seen for row in documents),
        first_published=min(published, key=weeks.period, default=None),
        documents=tuple(sorted(row.id for row in documents)),
    )


def pair_json(pair: Pair) -> dict[str, Any]:
    """A pair as JSON data."""
    return {
        "a": pair.a,
        "b": pair.b,
        "theme": pair.theme,
        "stories": pair.stories,
        "sources": pair.sources,
        "first_seen": weeks.stamp(pair.first_seen),
        "first_published": pair.first_published,
        "documents": list(pair.documents),
    }
