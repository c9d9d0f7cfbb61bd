"""What the archive's tests share: a small honest tagger, sources, documents and moments. Not a test itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tracker.archive import Archive, Stored
from tracker.model import (
    Candidate,
    ClassMention,
    Document,
    Fetch,
    FetchState,
    Mention,
    Source,
    SourceResult,
    SubstanceTag,
    Tags,
    ThemeTag,
)  # fmt: skip

MONDAY = datetime(2026, 1, 5, 7, tzinfo=UTC)
NAMES = {
    "bromazolam": ("bromazolam", "designer benzodiazepines"),
    "brom-azolam": ("bromazolam", "designer benzodiazepines"),
    "protonitazene": ("protonitazene", "nitazenes"),
    "xylazine": ("xylazine", "sedatives"),
    "4-cmc": ("4-cmc", "synthetic cathinones"),
}
THEMES = {"death": r"\bdeaths?\b|\bdied\b", "supply": r"\bseiz\w+", "control": r"\bban(?:ned)?\b"}
COUNTRIES = {"Ireland": "IE", "Scotland": "GB", "Leeds": "GB", "Ohio": "US"}


@dataclass(frozen=True)
class Tagger:
    """Finds five names, three themes and four places; "no X" is negated. Real spans, so that evidence can be
    checked."""

    version: str = "1"
    leave_out: tuple[str, ...] = ()

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
        found: dict[str, list[Mention]] = {}
        for field, content in (("title", title or ""), ("text", text)):
            for surface, (name, _) in NAMES.items():
                for m in re.finditer(re.escape(surface), content, re.IGNORECASE):
                    if name in self.leave_out:
                        continue
                    negated = content[: m.start()].lower().endswith("no ")
                    found.setdefault(name, []).append(
                        Mention(m[0], field, m.start(), m.end(), "negated" if negated else "affirmed")  # type: ignore[arg-type]
                    )
        classes = dict(NAMES.values())
        substances = tuple(
            SubstanceTag(
                name, classes[name], True, "primary" if i == 0 else "incidental",
                "affirmed" if any(m.assertion == "affirmed" for m in ms) else "negated", tuple(ms),
            )
            for i, (name, ms) in enumerate(found.items())
        )  # fmt: skip
        themes = []
        for theme, pattern in THEMES.items():
            if m := re.search(r"[^.]*(?:" + pattern + r")[^.]*\.?", text):
                start = m.start() + len(m[0]) - len(m[0].lstrip())
                themes.append(ThemeTag(theme, "affirmed", text[start : m.end()], "text", start, m.end(), tuple(found)))  # type: ignore[arg-type]
        unknown = [
            Candidate(m[0], "text", m.start(), m.end(), "nitazenes", "stem -nitazene")
            for m in re.finditer(r"\w+nitazene\b", text)
            if m[0].lower() not in NAMES
        ]
        words = [
            ClassMention("nitazenes", m[0], "text", m.start(), m.end()) for m in re.finditer(r"\bnitazenes\b", text)
        ]
        return Tags(
            language=language or "en",
            relevant=bool(substances or words),
            relevance=0.9 if substances else 0.1,
            doctype=source_type or "news",  # type: ignore[arg-type]
            countries=tuple(dict.fromkeys(code for place, code in COUNTRIES.items() if place in text)),
            lexicon=self.version,
            substances=substances,
            candidates=tuple(unknown),
            grade="none",
            classes=tuple(dict.fromkeys([s.cls for s in substances] + [w.cls for w in words])),
            class_mentions=tuple(words),
            themes=tuple(themes),
        )


class Names:
    """A lexicon of five substances: `find` as the real one's."""

    @dataclass(frozen=True)
    class Substance:
        name: str

    def find(self, name: str) -> Substance | None:
        known = {**{k: v[0] for k, v in NAMES.items()}, "xlbrom": "bromazolam", "street zolam": "bromazolam"}
        found = known.get(" ".join(name.lower().split()))
        return self.Substance(found) if found else None


def source(id: str = "news", **changes: object) -> Source:
    base = Source(id=id, kind="feed", url=f"https://{id}.example.org/feed", name=id.title(), publisher=id.title())
    return replace(base, **changes)  # type: ignore[arg-type]


def doc(text: str = "Two deaths with bromazolam in Leeds.", n: object = 1, **changes: object) -> Document:
    base = Document(
        external_id=f"guid-{n}", url=f"https://news.example.org/{n}", title=f"Item {n}", text=text,
        published="2026-01-04", precision="day",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def tag_all(documents: tuple[Document, ...], src: Source, tagger: Tagger) -> list[Tags]:
    return [
        tagger.tag(
            d.text or d.summary or "", title=d.title, language=d.language, published=d.published, url=d.url,
            source_type=d.doctype or src.type,
        )
        for d in documents
    ]  # fmt: skip


def put(
    archive: Archive,
    *documents: Document,
    at: datetime = MONDAY,
    src: Source | None = None,
    tagger: Tagger | None = None,
) -> Stored:
    """Store documents as one poll of one source would."""
    src = src or source()
    result = SourceResult(
        src, "ok", documents, (Fetch(src.id, at, src.url, "ok", 200, 5, 1000, len(documents)),),
        FetchState(src.id, at, at, etag='"x"', status="ok"),
    )  # fmt: skip
    tagger = tagger or Tagger()
    return archive.store(result, tag_all(documents, src, tagger), now=at, lexicon=tagger.version)


def days(n: float) -> timedelta:
    return timedelta(days=n)
