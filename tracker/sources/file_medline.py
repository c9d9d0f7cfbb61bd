"""MEDLINE text (`.nbib`, PubMed's "PubMed format"): tags of four letters, lines that go on are indented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source
from tracker.sources._api import CUT, with_type, without_empty
from tracker.sources._base import Kind, Options, claimed, doi_of, refuse_html
from tracker.sources._codes import language_code
from tracker.sources._editorial import ABOUT, OF_NOTICES, status_of
from tracker.sources._pubmed_record import PAGE, medline_date
from tracker.text.chars import clean, one_line, title_line
from tracker.text.dates import ClaimedDate

_TAG = re.compile(r"^([A-Z][A-Z0-9]{0,3}) *- ?(.*)$")
_KINDS = {
    "EIN": "erratumin", "EFR": "erratumfor", "CRI": "correctedandrepublishedin", "RIN": "retractionin",
    "ROF": "retractionof", "PRIN": "partialretractionin", "PROF": "partialretractionof",
    "ECI": "expressionofconcernin", "ECF": "expressionofconcernfor", "RRI": "retractedandrepublishedin",
    "UIN": "updatein",
}  # fmt: skip
_PMID = re.compile(r"\bPMID:\s*(\d+)")
_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/\S+)", re.IGNORECASE)

Record = dict[str, list[str]]


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read all records of a file. A last record without its source line (SO) among others that have one was cut."""
    refuse_html(source, payload, "MEDLINE text")
    text = payload.body.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    found = list(records(text))
    if not found:
        raise ParseError(f"{source.id}: MEDLINE text was due (lines such as `PMID- 123`), found {text[:40]!r}")
    complete = not _is_cut(found, text)
    if not complete:
        found = found[:-1]
    documents = [_document(record) for record in found]
    problems = [
        f"record {n} was left out: it has neither a PMID nor a title" for n, d in enumerate(documents, 1) if d is None
    ]
    return Page(
        tuple(with_type(d, source, "journal_article") for d in documents if d is not None),
        problems=(*problems, *(() if complete else (CUT,))),
        complete=complete,
    )


def _is_cut(found: Sequence[Record], text: str) -> bool:
    if "SO" in found[-1]:
        return False
    return not text.endswith("\n") or any("SO" in record for record in found[:-1])


def records(text: str) -> Iterator[Record]:
    """Yield the records of a MEDLINE text: the values of each tag in order, continued lines joined by a space."""
    record: Record = {}
    tag = ""
    for line in text.split("\n"):
        match = _TAG.match(line)
        if match:
            tag, value = match[1], match[2].strip()
            if tag == "PMID" and record:
                yield record
                record = {}
            record.setdefault(tag, []).append(value)
        elif line.startswith("  ") and tag and line.strip():
            record[tag][-1] += " " + line.strip()
        elif not line.strip():
            tag = ""
    if record:
        yield record


def _document(record: Record) -> Document | None:
    pmid = _first(record, "PMID")
    vernacular = _first(record, "TT")
    title = title_line(_first(record, "TI") or _first(record, "BTI") or vernacular or "") or None
    if not pmid and not title:
        return None
    types = tuple(record.get("PT", ()))
    links = list(_links(record))
    published, stated = _published(record)
    updated = claimed(_first(record, "LR"))
    languages = [c for value in record.get("LA", ()) if (c := language_code(value))]
    return Document(
        external_id=pmid or title or "",
        url=PAGE.format(pmid) if pmid else None,
        title=title,
        text=clean(_first(record, "AB") or _first(record, "OAB") or "") or None,
        authors=tuple(_authors(record)),
        publisher=_first(record, "PB"),
        published=published.value if published else None,
        precision=published.precision if published else None,
        updated=updated.value if updated else None,
        language=languages[0] if languages else None,
        doi=_doi(record),
        pmid=pmid,
        journal=_first(record, "JT") or _first(record, "TA"),
        pub_types=types,
        editorial_status=status_of(types, [kind for kind, _ in links], title),
        relates_to=tuple(dict.fromkeys(t for kind, t in links if kind in ABOUT and t)),
        extra=without_empty(
            {
                "journal_abbreviation": _first(record, "TA"),
                "vernacular_title": vernacular if vernacular != title else None,
                "pmcid": _first(record, "PMC"),
                "status": _first(record, "STAT"),
                "keywords": record.get("OT", []),
                "mesh": [term.lstrip("*") for term in record.get("MH", ())],
                "chemicals": [re.sub(r"^.*?\((.*)\)$", r"\1", term) for term in record.get("RN", ())],
                "notices": [t for kind, t in links if kind in OF_NOTICES and t],
                "published_as_stated": stated,
                "languages": languages if len(languages) > 1 else None,
            }
        ),
    )


def _first(record: Record, tag: str) -> str | None:
    return next((one_line(value) for value in record.get(tag, ()) if value.strip()), None)


def _authors(record: Record) -> Iterator[str]:
    """Full names ("Family, Given") where the record has them, else the short ones; then groups."""
    yield from (one_line(name) for name in record.get("FAU") or record.get("AU") or ())
    yield from (one_line(name) for name in record.get("CN", ()))


def _doi(record: Record) -> str | None:
    for value in (*record.get("AID", ()), *record.get("LID", ())):
        if value.endswith("[doi]") and (doi := doi_of(value.removesuffix("[doi]").strip())):
            return doi
    return None


def _links(record: Record) -> Iterator[tuple[str, str | None]]:
    for tag, kind in _KINDS.items():
        for value in record.get(tag, ()):
            pmid, doi = _PMID.search(value), _DOI.search(value)
            known = doi_of(doi[1]) if doi else None
            yield kind, f"pmid:{pmid[1]}" if pmid else f"doi:{known}" if known else None


def _published(record: Record) -> tuple[ClaimedDate | None, str | None]:
    """The electronic date, else when PubMed had it, else the issue's; and the issue's words where they say more."""
    issue = _first(record, "DP") or ""
    plain = claimed(issue) if re.fullmatch(r"\d{4}(?: [A-Za-z]{3}(?: \d{1,2})?)?", issue) else None
    cover, stated = (plain, None) if plain else medline_date(issue)
    history = (v.rsplit("[", 1) for v in record.get("PHST", ()))
    entered = {status.rstrip("]"): when.split()[0] for when, *rest in history for status in rest if when.strip()}
    for value in (_first(record, "DEP"), entered.get("pubmed"), entered.get("entrez"), _first(record, "EDAT")):
        found = claimed((value or "").split(" ")[0])
        if found:
            return found, stated
    return cover, stated


KIND = Kind(name="medline", options=Options, read=read)
