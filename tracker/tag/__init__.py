"""From a text to facts. `Tagger.tag` is the whole order of the work, each step a pure function in its own module."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import Assertion, ContextSubstance, Mention, SubstanceTag, Tags
from tracker.tag import assertion, countries, doctype, grade, relevance, roles, themes
from tracker.tag.classes import ClassFinder
from tracker.tag.names import NameFinder
from tracker.tag.view import Hit, Sentence, View
from tracker.text.language import detect_language
from tracker.text.sentences import sentences as split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Candidate, ClassMention, Field, Role


class _Input(NamedTuple):
    """What is given of a document; the fields of `View` that are not worked out."""

    text: str
    title: str
    language: str | None
    published: str | None
    url: str | None
    source_type: str | None


class _Look(NamedTuple):
    """What was found in one field."""

    sentences: Sequence[Sentence]
    hits: Sequence[Hit]
    unknown: Sequence[Candidate]
    class_mentions: Sequence[ClassMention]


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
        view, candidates = self._look(_Input(text or "", title or "", language, published, url, source_type))
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

    def view(
        self, text: str, *, title: str | None = None, language: str | None = None, url: str | None = None
    ) -> View:
        """What the taggers see of a text, for fitting the trained parts on labelled documents."""
        return self._look(_Input(text, title or "", language, None, url, None))[0]

    def _look(self, document: _Input) -> tuple[View, tuple[Candidate, ...]]:
        """Sentences, names and class words of both fields. What the text names supports doubtful names in the title."""
        named = frozenset[str]()
        looks: dict[Field, _Look] = {}
        fields: tuple[tuple[Field, str], ...] = (("text", document.text), ("title", document.title))
        for name, content in fields:
            hits, unknown = self._names.find(name, content, named=named) if content else ([], [])
            named = frozenset(h.name for h in hits)
            cut = split(content, document.language) if content else ()
            looks[name] = _Look(
                [Sentence(name, s, e, content[s:e]) for s, e in cut],
                hits,
                unknown,
                self._classes.find(name, content, hits) if content else (),
            )
        both = (looks["title"], looks["text"])
        view = View(
            **document._asdict(),
            sentences=tuple(s for look in both for s in look.sentences),
            hits=tuple(h for look in both for h in look.hits),
            class_mentions=tuple(m for look in both for m in look.class_mentions),
        )
        return view, tuple(c for look in both for c in look.unknown)


def _overall(assertions: Iterable[Assertion]) -> Assertion:
    """Affirmed, else negated, else hypothetical, over all mentions."""
    found = set(assertions)
    return "affirmed" if "affirmed" in found else "negated" if "negated" in found else "hypothetical"


def _by_substance(
    hits: Sequence[Hit], mentions: Sequence[Mention], role: Mapping[str, Role]
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
            role=role.get(name, "incidental"),
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
