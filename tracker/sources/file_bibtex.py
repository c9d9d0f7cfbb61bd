"""BibTeX through bibtexparser, LaTeX accents and braces resolved."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from tracker.errors import ParseError
from tracker.model import DocType, Document, Page, Payload, Request, Source
from tracker.sources._base import Kind, Options, dated, doi_of, line_of, newest_first, stable_id, text_of, title_of
from tracker.sources._codes import language_code
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.urls import absolute_url

_TYPES: dict[str, DocType] = {
    "article": "journal_article", "inproceedings": "journal_article", "techreport": "report", "report": "report",
    "legislation": "legal_notice", "phdthesis": "report", "mastersthesis": "report",
}  # fmt: skip
_ENTRY = re.compile(r"^\s*@(?!comment|string|preamble)\w+\s*[{(]", re.IGNORECASE | re.MULTILINE)


class NoOptions(Options):
    """BibTeX needs none."""


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the entries of a BibTeX file; entries that the parser had to leave out make it incomplete."""
    text = payload.body.decode("utf-8-sig", "replace")
    begun = len(_ENTRY.findall(text))
    if not begun:
        raise ParseError(f"{source.id}: BibTeX was due (entries like '@article{{…'), found {text[:60]!r}")
    entries = _entries(text, source)
    found = [_document(entry, source) for entry in entries]
    kept, cut = newest_first([d for d in found if d is not None], source.max_items)
    complete = len(entries) >= begun
    problems = cut if complete else (*cut, f"{begun - len(entries)} of {begun} entries are not closed or not readable")
    return Page(documents=kept, problems=problems, complete=complete)


def _entries(text: str, source: Source) -> list[dict[str, Any]]:
    import logging

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bibtexparser 1.x uses older names of pyparsing
        import bibtexparser
        from bibtexparser.bparser import BibTexParser

        logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
        parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, interpolate_strings=True)
        try:
            return list(bibtexparser.loads(text, parser=parser).entries)
        except Exception as error:  # undefined strings, pyparsing's own; all mean a broken file
            raise ParseError(f"{source.id}: the BibTeX file cannot be read: {error}") from None


def _words(entry: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first of the fields as plain words: LaTeX commands resolved, braces out."""
    from bibtexparser.latexenc import latex_to_unicode

    for key in keys:
        value = entry.get(key)
        if isinstance(value, str) and value.strip():
            known = re.sub(r"\\(?:emph|textit|textbf|textsc|mathrm|text)\s*\{", "{", value).replace("~", " ")
            words: str = latex_to_unicode(known)
            words = re.sub(r"\\([&%$#_{}])", r"\1", words).replace("---", "—").replace("--", "–")
            return re.sub(r"[{}]", "", words).strip() or None
    return None


def _document(entry: Mapping[str, Any], source: Source) -> Document | None:
    title, text = title_of(_words(entry, "title")), text_of(_words(entry, "abstract", "annote"))
    if not (title or text):
        return None
    stated = str(entry.get("url") or entry.get("link") or entry.get("howpublished") or "")
    url = absolute_url(re.sub(r"^\\url\{(.*)\}$", r"\1", stated.strip()))
    url = url if url and url.startswith("http") else None
    doi = doi_of(str(entry.get("doi") or "").replace("\\", "")) or doi_of(url)
    pmid = str(entry.get("pmid") or "").strip()
    keywords = [k for k in (line_of(k) for k in re.split(r"[;,]", _words(entry, "keywords", "keyword") or "")) if k]
    document = Document(
        external_id=doi
        or (pmid if pmid.isdigit() else None)
        or url
        or str(entry.get("ID") or "")
        or stable_id(title, text),
        url=url or (f"https://doi.org/{doi}" if doi else None),
        title=title,
        text=text,
        authors=_authors(entry),
        publisher=line_of(_words(entry, "publisher", "institution", "organization")) or source.publisher,
        language=language_code(_words(entry, "language", "langid")) or source.language,
        doctype=_TYPES.get(str(entry.get("ENTRYTYPE", "")).lower()),
        doi=doi,
        pmid=pmid if pmid.isdigit() else None,
        journal=line_of(_words(entry, "journal", "journaltitle", "booktitle")),
        extra={"categories": keywords} if keywords else {},
    )
    return dated(document, _published(entry))


def _authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return names as "Family, Given"; a name in braces of its own is a group and stays whole."""
    from bibtexparser.customization import getnames

    found: list[str] = []
    for name in re.split(r"\s+and\s+", " ".join(str(entry.get("author") or "").split())):
        if re.fullmatch(r"\{[^{}]*\}", name) or " " not in name.strip():
            words = _words({"name": name}, "name")
        else:
            words = _words({"name": getnames([name])[0]}, "name")
        if words and words.lower() != "others":
            found.append(words)
    return tuple(found)


def _published(entry: Mapping[str, Any]) -> ClaimedDate | None:
    if found := parse_date(_words(entry, "date")):
        return found
    year, month, day = (_words(entry, key) for key in ("year", "month", "day"))
    for stated in (f"{day} {month} {year}", f"{month} {year}", f"{year}-{month}-{day}", f"{year}-{month}", year):
        if year and "None" not in (stated or "None") and (found := parse_date(stated)):
            return found
    return None


KIND = Kind(name="bibtex", options=NoOptions, read=read)
