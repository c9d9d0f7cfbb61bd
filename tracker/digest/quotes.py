"""Which sentence may be quoted: nothing of supply, nothing of forums and shops, and then the next best one.

Text of forum and marketing sources is counted, never quoted; what the tagger finds to be marketing is not linked
either. A sentence with a price, a seller's address or an amount to take is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from tracker.analysis.rows import QUIET_DOCTYPES, DocumentRow, Span, ThemeRow
from tracker.digest.model import Evidence
from tracker.digest.words import clip
from tracker.model import Theme
from tracker.text.sentences import sentences

Texts = Mapping[int, tuple[str, str]]  # document -> (title, text)
LONGEST = 420  # characters of one quoted sentence

_MONEY = r"(?:[$€£¥₽]|\b(?:usd|eur|gbp|sek|nok|dkk|chf|pln|czk|kr|kronor|kroner|euros?|dollars?|pounds?\s+sterling)\b)"
_UNIT = r"(?:mg|milligrams?|µg|μg|ug|mcg|micrograms?|g|grams?|ml|gramm)"
_PRICE = re.compile(
    rf"{_MONEY}\s*\d|\d[\d.,]*\s*(?:k|m|million|billion)?\s*{_MONEY}|"
    r"\b(?:price[sd]?|costs?|cheap(?:er|est)?)\b[^.]*\d",
    re.I,
)
_ADDRESS = re.compile(
    r"https?://|\bwww\.|\b[\w.+-]+@[\w-]+\.\w|\b[\w-]+\.onion\b|(?<!\w)@[a-z]\w{3,}|"
    r"\b(?:telegram|whatsapp|wickr|threema|snapchat)\b\s*[:@+]|"
    r"\b(?:order|buy|shop)\s+(?:now|here|online\s+at)\b|\+\d[\d\s()-]{7,}",
    re.I,
)
_TAKE = (
    r"\b(?:dos(?:e[sd]?|ing|age|ages|is|ierung)|tak(?:e|es|en|ing)|took|ingest\w*|swallow\w*|snort\w*|inject\w*|"
    r"insufflat\w*|smok(?:e|ed|ing)|vap(?:e|ed|ing)|sublingual\w*|oral(?:ly)?|recommend\w*|threshold|einnahme|"
    r"einnehmen|dosierung|prendre|tomar|prendere)\b"
)
_AMOUNT = rf"\b\d[\d.,]*\s*(?:-|–|to)?\s*[\d.,]*\s*{_UNIT}\b(?!\s*/)"
_DOSE = re.compile(rf"(?:{_TAKE}.*{_AMOUNT}|{_AMOUNT}.*{_TAKE})|\b\d[\d,.]*\s+doses\b", re.I | re.S)
_LETTERS = re.compile(r"\w")


@lru_cache(maxsize=8192)  # one sentence serves several statements
def is_quotable(sentence: str) -> bool:
    """Whether a sentence is free of prices, sellers' addresses and amounts to take."""
    return bool(_LETTERS.search(sentence)) and not (
        _PRICE.search(sentence) or _ADDRESS.search(sentence) or _DOSE.search(sentence)
    )


def is_quiet(document: DocumentRow) -> bool:
    """Forum or marketing, by its source or by its content: counted, not quoted."""
    return not document.quote or document.doctype in QUIET_DOCTYPES


def link_of(document: DocumentRow) -> str | None:
    """The address to show; none for marketing, and only web addresses."""
    if document.doctype == "marketing" or not (document.url or "").startswith(("http://", "https://")):
        return None
    return document.url


def title_of(document: DocumentRow) -> str | None:
    """The title to show, none where it may not be quoted."""
    if is_quiet(document) or not document.title or not is_quotable(document.title):
        return None
    return clip(document.title, 300)


def evidence(
    document: DocumentRow,
    texts: Texts,
    *,
    substance: str | None = None,
    themes: Sequence[Theme] = (),
    span: Span | None = None,
    naming: bool = False,
) -> Evidence:
    """The best quotable sentence for a statement: of the wanted themes with the substance (those that name it first),
    then where the substance is named (the title too), then any affirmed theme, then the title. `span` is a place to
    begin with; `naming` puts the sentences that name the substance before all others."""
    link = link_of(document)
    number = document.id
    if is_quiet(document) or document.id not in texts:
        return Evidence(None, number, link)
    title, text = texts[document.id]
    for found in _spans(document, text, substance, themes, span, naming):
        sentence = (title if found.field == "title" else text)[found.start : found.end]
        if is_quotable(sentence):
            return Evidence(clip(sentence, LONGEST), number, link)
    return Evidence(clip(title, LONGEST) if is_quotable(title) else None, number, link)


def _spans(
    document: DocumentRow, text: str, substance: str | None, themes: Sequence[Theme], span: Span | None, naming: bool
) -> Iterator[Span]:
    if span is not None and span.field == "title":
        yield Span("title", 0, len(document.title or ""))
    elif span is not None:
        yield from around(span, text, document.language)
    affirmed = document.affirmed()
    about = [row for row in affirmed if substance is None or substance in row.substances]
    wanted = [row for theme in themes for row in sorted(about, key=_unnamed(document, substance)) if row.theme == theme]
    yield from (row.span for row in wanted if not (naming and _unnamed(document, substance)(row)))
    for row in document.substances:
        if row.name == substance or (substance is None and row.finding):
            for place in row.spans:
                yield from around(place, text, document.language)
            if any(place.field == "title" for place in row.spans):
                yield Span("title", 0, len(document.title or ""))
    yield from (row.span for row in (*wanted, *about, *affirmed))


def _unnamed(document: DocumentRow, substance: str | None) -> Callable[[ThemeRow], bool]:
    """Whether the sentence of a theme says nothing of the substance by name."""
    places = [place for row in document.substances if row.name == substance for place in row.spans]

    def judge(row: ThemeRow) -> bool:
        return not any(p.field == row.span.field and row.span.start <= p.start < row.span.end for p in places)

    return judge


def around(span: Span, text: str, language: str | None) -> Iterator[Span]:
    """The sentence of the text that holds a span; nothing for spans in the title, which is shown anyway."""
    if span.field == "title":
        return
    for start, end in sentences(text, language):
        if start <= span.start < end:
            yield Span("text", start, end)
            return


def any_quiet(documents: Iterable[DocumentRow]) -> int:
    """How many of the documents are counted only."""
    return sum(1 for document in documents if is_quiet(document))
