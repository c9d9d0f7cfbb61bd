"""From a text to facts. `Tagger.tag` is the whole order of the work, each step a pure function in its own module."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.model import Assertion, ContextSubstance, Mention, SubstanceTag, Tags
from tracker.tag import assertion, countries, doctype, grade, relevance, roles, themes
from tracker.tag.classes import ClassFinder
from tracker.tag.company import is_german_class
from tracker.tag.concepts import speaks_of_drugs
from tracker.tag.names import NameFinder
from tracker.tag.view import Hit, Sentence, View
from tracker.text.language import detect_language
from tracker.text.sentences import sentences as split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Candidate, ClassMention, Field, Role


_new: Any = tuple.__new__  # makes a named tuple without the way through Python


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
        given = {"published": published, "url": url, "source_type": source_type}
        return self.look(text, title=title, language=language, **given)[1]

    def says_nothing(self, text: str, title: str | None = None, *, language: str | None = None) -> bool:
        """Whether neither substance, class nor candidate is named and drugs are not spoken of. Such a text is never
        relevant, and knowing so costs a fraction of its tags: what whole corpora are sifted with."""
        fields: tuple[tuple[Field, str], ...] = (("title", title or ""), ("text", text or ""))
        for field, content in fields:
            hits, unknown = self._names.find(field, content)
            if unknown or any(hit.reported for hit in hits) or self._classes.find(field, content, hits):
                return False
        language = language or detect_language(text or title or "")
        return not speaks_of_drugs(f"{title or ''}\n{text or ''}", language)

    def look(
        self,
        text: str,
        *,
        title: str | None = None,
        language: str | None = None,
        published: str | None = None,
        url: str | None = None,
        source_type: str | None = None,
    ) -> tuple[View, Tags, tuple[Mention, ...]]:
        """The tags with what they were made from: the view, and one mention for each of its hits."""
        language = language or detect_language(text or title or "")
        view, candidates = self._look(_Input(text or "", title or "", language, published, url, source_type))
        mentions = assertion.judge(view)  # one Mention for each of view.hits, in order
        role = roles.assign(view, mentions)
        substances = _by_substance(view.hits, mentions, role)
        found = themes.find(view, mentions)
        kind = doctype.classify(view)
        verdict = relevance.judge(view, substances=substances, themes=found, doctype=kind, candidates=candidates)
        tags = Tags(
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
        return view, tags, mentions

    def _look(self, document: _Input) -> tuple[View, tuple[Candidate, ...]]:
        """Sentences, names and class words. What one field names supports doubtful names in the other."""
        language, names = document.language, self._names
        named = frozenset([h.name for h in names.find("title", document.title)[0]])
        text = self._look_at("text", document.text, language, named)
        title = self._look_at("title", document.title, language, named.union([h.name for h in text.hits]))
        view = View(
            *document,
            sentences=(*title.sentences, *text.sentences),
            hits=(*title.hits, *text.hits),
            class_mentions=(*title.class_mentions, *text.class_mentions),
        )
        return view, (*title.unknown, *text.unknown)

    def _look_at(self, field: Field, content: str, language: str | None, named: frozenset[str]) -> _Look:
        if not content:
            return _Look((), (), (), ())
        hits, unknown = self._names.find(field, content, named=named)
        if language == "de":
            hits = [hit for hit in hits if not is_german_class(hit.surface)]
        cut: list[Sentence] = [_new(Sentence, (field, s, e, content[s:e])) for s, e in split(content, language)]
        classes = self._classes.find(field, content, hits)
        # a word for a class is no unknown member of it ("four other fentanyls")
        if unknown and classes:
            unknown = _outside(unknown, classes)
        return _Look(cut, hits, unknown, classes)


def _outside(unknown: Sequence[Candidate], classes: Sequence[ClassMention]) -> list[Candidate]:
    """The candidates that lie in none of the class words; both are in order, and class words do not overlap."""
    starts = [m.start for m in classes]
    return [c for c in unknown if not (at := bisect_right(starts, c.start)) or classes[at - 1].end < c.end]


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
