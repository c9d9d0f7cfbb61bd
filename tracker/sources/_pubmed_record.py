"""One PubMed record (article or book chapter, an element of efetch's XML) to one document.

Written for whole-archive speed: children are walked once instead of searched. Only element access, no parsing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tracker.model import Document
from tracker.sources._api import without_empty
from tracker.sources._base import doi_of
from tracker.sources._codes import language_code
from tracker.sources._editorial import ABOUT, OF_NOTICES, key, status_of
from tracker.text.chars import clean, one_line, title_line
from tracker.text.dates import ClaimedDate, of_parts
from tracker.text.markup import plain

PAGE = "https://pubmed.ncbi.nlm.nih.gov/{}/"
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}  # fmt: skip
_MONTH_WORD = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(1[5-9]|20|21)\d\d\b")
_SOURCE_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/\S+)", re.IGNORECASE)


def article(element: Any) -> Document | None:
    """Return the document of a PubmedArticle element, None for one without PMID and title."""
    parts = _children(element)
    citation, data = parts.get("MedlineCitation"), parts.get("PubmedData")
    if citation is None:
        return None
    fields = _children(citation)
    inner = _children(fields["Article"]) if "Article" in fields else {}
    journal = _children(inner["Journal"]) if "Journal" in inner else {}
    pub_date = _pub_date(journal.get("JournalIssue"))
    ids = _ids(data)
    types = tuple(_texts(inner.get("PublicationTypeList")))
    links = list(_links(fields.get("CommentsCorrectionsList")))
    others = _other_abstracts(citation)
    vernacular = _line(inner.get("VernacularTitle"))
    title = _title(inner.get("ArticleTitle"))
    if vernacular and (title is None or title.strip("[]. ").lower() == "not available"):
        title = vernacular
    pmid = _plain_text(fields.get("PMID")) or ids.get("pubmed")
    if not pmid and not title:
        return None
    published = _published(fields.get("Article"), data, pub_date)
    extra = {
        "journal_abbreviation": _plain_text(journal.get("ISOAbbreviation")),
        "vernacular_title": vernacular if vernacular != title else None,
        "pmcid": ids.get("pmc"),
        "status": citation.get("Status"),
        "keywords": _keywords(citation),
        "mesh": _descriptors(fields.get("MeshHeadingList"), "DescriptorName"),
        "chemicals": _descriptors(fields.get("ChemicalList"), "NameOfSubstance"),
        "other_abstracts": [text for text in others if text],
    }
    return _document(
        pmid, title, _abstract(inner.get("Abstract")) or next(iter(others), None), published, extra,
        authors=_authors(inner.get("AuthorList")), types=types, links=links, ids=ids,
        doi=ids.get("doi") or _location_doi(fields.get("Article")),
        journal=_line(journal.get("Title")) or extra["journal_abbreviation"],
        languages=_languages(fields.get("Article")), pub_date=pub_date, revised=_date(fields.get("DateRevised")),
    )  # fmt: skip


def book(element: Any) -> Document | None:
    """Return the document of a PubmedBookArticle element: a chapter, or the book itself where no chapter is named."""
    parts = _children(element)
    record, data = parts.get("BookDocument"), parts.get("PubmedBookData")
    if record is None:
        return None
    fields = _children(record)
    volume = _children(fields["Book"]) if "Book" in fields else {}
    ids = _ids(data) | _id_list(fields.get("ArticleIdList"))
    book_title, chapter = _title(volume.get("BookTitle")), _title(fields.get("ArticleTitle"))
    pmid = _plain_text(fields.get("PMID")) or ids.get("pubmed")
    if not pmid and not (chapter or book_title):
        return None
    publisher = _children(volume["Publisher"]) if "Publisher" in volume else {}
    pub_date = _stated(volume.get("PubDate"))
    published = _date(fields.get("ContributionDate")) or _history(data) or (pub_date[0] if pub_date else None)
    return _document(
        pmid, chapter or book_title, _abstract(fields.get("Abstract")), published,
        {"bookshelf": ids.get("bookaccession"), "keywords": _keywords(record), "book": book_title},
        authors=_authors(fields.get("AuthorList")) or _authors(volume.get("AuthorList")),
        types=tuple(_text_of(e) for e in record if e.tag == "PublicationType"), links=[], ids=ids,
        doi=ids.get("doi"), journal=book_title if chapter else None, languages=_languages(record), pub_date=pub_date,
        revised=_date(fields.get("DateRevised")), publisher=_line(publisher.get("PublisherName")),
    )  # fmt: skip


def _document(
    pmid: str | None, title: str | None, text: str | None, published: ClaimedDate | None, extra: dict[str, Any], *,
    authors: tuple[str, ...], types: tuple[str, ...], links: list[tuple[str, str | None, str]], ids: dict[str, str],
    doi: str | None, journal: str | None, languages: list[str], pub_date: tuple[ClaimedDate | None, str | None] | None,
    revised: ClaimedDate | None, publisher: str | None = None,
) -> Document:  # fmt: skip
    about = [target for kind, target, _ in links if kind in ABOUT and target]
    extra["notices"] = [target or source for kind, target, source in links if kind in OF_NOTICES]
    extra["about"] = [source for kind, target, source in links if kind in ABOUT]
    extra["published_as_stated"] = pub_date[1] if pub_date else None
    extra["languages"] = languages if len(languages) > 1 else None
    return Document(
        external_id=pmid or ids.get("doi") or title or "",
        url=PAGE.format(pmid) if pmid else None,
        title=title,
        text=text,
        authors=authors,
        publisher=publisher,
        published=published.value if published else None,
        precision=published.precision if published else None,
        updated=revised.value if revised else None,
        language=languages[0] if languages else None,
        doi=doi_of(doi),
        pmid=pmid,
        journal=journal,
        pub_types=types,
        editorial_status=status_of(types, [kind for kind, _, _ in links], title),
        relates_to=tuple(dict.fromkeys(about)),
        extra=without_empty(extra),
    )


# --- text ------------------------------------------------------------------------------------------------------------


def _children(element: Any) -> dict[str, Any]:
    """The first child of each name."""
    found: dict[str, Any] = {}
    for child in element:
        if child.tag not in found:
            found[child.tag] = child
    return found


def _plain_text(element: Any) -> str | None:
    text = element.text if element is not None else None
    return text.strip() or None if text else None


def _one_line(s: str) -> str:
    """`one_line`, quickly for what nearly all names are."""
    if s.isascii() and s.isprintable() and "  " not in s:
        return s.strip()
    return one_line(s)


def _text_of(element: Any) -> str:
    """All text of an element, its inline markup gone without a gap (`<i>N</i>-ethyl`), MathML made readable."""
    if len(element) == 0:
        return element.text or ""
    if any(isinstance(e.tag, str) and e.tag.startswith(_MATHML) for e in element.iterdescendants()):
        from lxml import etree

        return plain(etree.tostring(element, encoding="unicode", with_tail=False))
    return "".join(element.itertext())


def _texts(element: Any) -> Iterable[str]:
    return (_text_of(e).strip() for e in element) if element is not None else ()


def _title(element: Any) -> str | None:
    return title_line(_text_of(element)) or None if element is not None else None


def _line(element: Any) -> str | None:
    return _one_line(_text_of(element)) or None if element is not None else None


def _abstract(element: Any) -> str | None:
    """The abstract, one line a section, "LABEL: text" where sections are labelled."""
    if element is None:
        return None
    lines = []
    for part in element:
        if part.tag != "AbstractText":
            continue
        text = " ".join(_text_of(part).split())
        label = (part.get("Label") or "").strip()
        if text and label and label != "UNLABELLED":
            text = f"{label.rstrip(':')}: {text}"
        if text:
            lines.append(text)
    if all(line.isascii() and line.isprintable() for line in lines):
        return "\n".join(lines) or None  # nothing to clean, as in most abstracts
    return clean("\n".join(lines)) or None


def _other_abstracts(citation: Any) -> list[str]:
    found = (_abstract(e) for e in citation if e.tag == "OtherAbstract")
    return [text for text in found if text]


def _authors(element: Any) -> tuple[str, ...]:
    if element is None:
        return ()
    return tuple(name for author in element if author.get("ValidYN") != "N" and (name := _author(author)))


_OF_A_NAME = ("CollectiveName", "LastName", "ForeName", "Initials", "Suffix")


def _author(author: Any) -> str | None:
    """ "Family, Given", a suffix after the given name; a group by its name."""
    parts = _children(author.iterchildren(*_OF_A_NAME))  # no affiliations: they are most of it
    if "CollectiveName" in parts:
        return _line(parts["CollectiveName"])
    family = _line(parts.get("LastName"))
    given = _line(parts.get("ForeName")) or _line(parts.get("Initials"))
    suffix = _line(parts.get("Suffix"))
    first = " ".join(p for p in (given, suffix) if p)
    return ", ".join(p for p in (family, first) if p) or None


def _languages(element: Any) -> list[str]:
    if element is None:
        return []
    codes = (language_code(e.text) for e in element if e.tag == "Language")
    return list(dict.fromkeys(code for code in codes if code))


def _keywords(element: Any) -> list[str]:
    return [text for lst in element if lst.tag == "KeywordList" for e in lst if (text := _one_line(_text_of(e)))]


def _descriptors(element: Any, tag: str) -> list[str]:
    if element is None:
        return []
    return [e.text for heading in element for e in heading if e.tag == tag and e.text]


# --- identifiers and links -------------------------------------------------------------------------------------------


def _ids(data: Any) -> dict[str, str]:
    return _id_list(_children(data).get("ArticleIdList")) if data is not None else {}


def _id_list(element: Any) -> dict[str, str]:
    """Identifiers by type (`pubmed` when none is given); the first of each."""
    found: dict[str, str] = {}
    for entry in element if element is not None else ():
        if entry.text and entry.text.strip():
            found.setdefault(entry.get("IdType", "pubmed"), entry.text.strip())
    return found


def _location_doi(element: Any) -> str | None:
    for entry in element if element is not None else ():
        if entry.tag == "ELocationID" and entry.get("EIdType") == "doi" and entry.get("ValidYN") != "N":
            return _plain_text(entry)
    return None


def _links(element: Any) -> Iterable[tuple[str, str | None, str]]:
    """Kind of link, what it points to ("pmid:…", else "doi:…") and the words of its source."""
    for link in element if element is not None else ():
        parts = _children(link)
        source = _line(parts.get("RefSource")) or ""
        pmid = _plain_text(parts.get("PMID"))
        stated = _SOURCE_DOI.search(source)
        doi = doi_of(stated[1]) if stated else None
        target = f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else None
        yield key(link.get("RefType", "")), target, source


# --- dates -----------------------------------------------------------------------------------------------------------


def _published(article_: Any, data: Any, pub_date: tuple[ClaimedDate | None, str | None] | None) -> ClaimedDate | None:
    """When it appeared: the electronic date, else when PubMed had it, else the (cover) date of the issue."""
    for child in article_ if article_ is not None else ():
        electronic = child.tag == "ArticleDate" and child.get("DateType", "Electronic") == "Electronic"
        if electronic and (found := _date(child)):
            return found
    return _history(data) or (pub_date[0] if pub_date else None)


def _history(data: Any) -> ClaimedDate | None:
    history = _children(data).get("History") if data is not None else None
    if history is None:
        return None
    by_status = {e.get("PubStatus"): e for e in history}
    for status in ("pubmed", "entrez"):
        if status in by_status and (found := _date(by_status[status])):
            return found
    return None


def _date(element: Any) -> ClaimedDate | None:
    """Year, month and day of an element, None when impossible."""
    if element is None:
        return None
    parts = {e.tag: (e.text or "").strip() for e in element}
    year, day = parts.get("Year", ""), parts.get("Day", "")
    if len(year) != 4 or not year.isascii() or not year.isdigit():
        return None
    month = month_number(parts.get("Month", ""))
    if month is None:
        return of_parts(int(year)) if not parts.get("Month") else None
    return of_parts(int(year), month, int(day) if day.isascii() and day.isdigit() and len(day) < 3 else None)


def month_number(word: str) -> int | None:
    """Return the month that `Jun`, `June`, `06` or `6` names."""
    return int(word) if len(word) < 3 and word.isascii() and word.isdigit() else _MONTHS.get(word[:3].lower())


def _pub_date(issue: Any) -> tuple[ClaimedDate | None, str | None] | None:
    return _stated(_children(issue).get("PubDate")) if issue is not None else None


def _stated(element: Any) -> tuple[ClaimedDate | None, str | None] | None:
    """An issue's date, and its words where they say more than the date (seasons, ranges)."""
    if element is None:
        return None
    parts = _children(element)
    if "MedlineDate" in parts:
        return medline_date(_plain_text(parts["MedlineDate"]) or "")
    season = _plain_text(parts.get("Season"))
    whole = f"{_plain_text(parts.get('Year')) or ''} {season}".strip() if season else None
    return _date(element), whole


def medline_date(words: str) -> tuple[ClaimedDate | None, str | None]:
    """Return the first month (else the year) of "2023 Jan-Feb 01" or "2001 Spring", and the words."""
    year, month = _YEAR.search(words), _MONTH_WORD.search(words)
    if not year:
        return None, words or None
    return of_parts(int(year[0]), month_number(month[1]) if month else None), words
