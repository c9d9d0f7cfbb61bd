"""From a text to facts. `Tagger.tag` is the whole order of the work; each step is a pure function in a module of its own."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tracker.model import Assertion, ContextSubstance, Mention, SubstanceTag, Tags
from tracker.tag import assertion, countries, doctype, grade, relevance, roles, themes
from tracker.tag.classes import ClassFinder
from tracker.tag.names import NameFinder
from tracker.tag.view import Hit, Sentence, View
from tracker.text.language import detect_language
from tracker.text.sentences import sentences as split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Field


class Tagger:
    """Tags texts with one lexicon. Building it costs tens of milliseconds; one instance serves any number of texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._names = NameFinder(lexicon)
        self._classes = ClassFinder(lexicon)

    def tag(
        self,
        text: str,
        *,
        title: str | None = None,
        language: str | None = None,
        published: str | None = None,
        url: str | None = None,
        source_type: str | None = None,
    ) -> Tags:
        """All facts of one text. Spans are code points into `text` and `title` as given; absent input is None."""
        language = language or detect_language(text or title or "")
        view, candidates = self._look(text or "", title or "", language, published, url, source_type)
        mentions = assertion.judge(view)  # one Mention for each of view.hits, in order
        role = roles.assign(view, mentions)
        substances = _by_substance(view.hits, mentions, role)
        found = themes.find(view, mentions)
        kind = doctype.classify(view)
        verdict = relevance.judge(view, substances=substances, themes=found, doctype=kind, candidates=candidates)
        return Tags(
            language=language,
            relevant=verdict.relevant,
            relevance=verdict.score,
            reasons=verdict.reasons,
            doctype=kind,
            countries=countries.find(view),
            lexicon=self.lexicon.version,
            substances=substances,
            candidates=candidates,
            context_substances=_context_substances(view.hits, mentions),
            grade=grade.of(view, themes=found, doctype=kind),
            classes=_classes_of(view, substances),
            class_mentions=view.class_mentions,
            themes=found,
        )

    def _look(
        self,
        text: str,
        title: str,
        language: str | None,
        published: str | None,
        url: str | None,
        source_type: str | None,
    ):  # type: ignore[no-untyped-def]
        fields: tuple[tuple[Field, str], ...] = (("title", title), ("text", text))
        sentences, hits, candidates, class_mentions = [], [], [], []
        for name, content in fields:
            if not content:
                continue
            sentences += [Sentence(name, s, e, content[s:e]) for s, e in split(content, language)]
            found, unknown = self._names.find(name, content)
            hits += found
            candidates += unknown
            class_mentions += self._classes.find(name, content, found)
        view = View(
            text, title, language, published, url, source_type, tuple(sentences), tuple(hits), tuple(class_mentions)
        )
        return view, tuple(candidates)


def _overall(assertions: Iterable[Assertion]) -> Assertion:
    """Affirmed, else negated, else hypothetical, over all mentions."""
    found = set(assertions)
    return "affirmed" if "affirmed" in found else "negated" if "negated" in found else "hypothetical"


def _by_substance(
    hits: Sequence[Hit], mentions: Sequence[Mention], role: dict[str, object]
) -> tuple[SubstanceTag, ...]:
    groups: dict[str, list[tuple[Hit, Mention]]] = defaultdict(list)
    for hit, mention in zip(hits, mentions, strict=True):
        if hit.reported:
            groups[hit.name].append((hit, mention))
    return tuple(
        SubstanceTag(
            name=name,
            cls=pairs[0][0].cls,
            nps=pairs[0][0].nps,
            role=role.get(name, "incidental"),  # type: ignore[arg-type]
            assertion=_overall(m.assertion for _, m in pairs),
            mentions=tuple(m for _, m in pairs),
        )
        for name, pairs in groups.items()
    )


def _context_substances(hits: Sequence[Hit], mentions: Sequence[Mention]) -> tuple[ContextSubstance, ...]:
    groups: dict[str, list[Mention]] = defaultdict(list)
    for hit, mention in zip(hits, mentions, strict=True):
        if not hit.reported:
            groups[hit.name].append(mention)
    return tuple(ContextSubstance(name, tuple(found)) for name, found in groups.items())


def _classes_of(view: View, substances: Sequence[SubstanceTag]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(s.cls for s in substances), *(m.cls for m in view.class_mentions)]))
