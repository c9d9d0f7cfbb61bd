"""PubMed E-utilities: esearch for what entered since, efetch for the records. Reads any PubMed XML file as well.

Asked by entry date (`edat`): the publication date misses what is indexed late or dated ahead.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Literal

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import CUT, elements, number_of, refuse_entities, root_name, secrets, with_type
from tracker.sources._base import Kind, Recheck, options_of, refuse_html
from tracker.sources._pubmed_record import article, book
from tracker.sources._query import ContactSearches, asked
from tracker.sources._walk import Walk, advance, begin, walk_in

_CEILING = 9_999  # esearch gives no more of one search
_BATCH = 200  # identifiers in one efetch address
_SETS = {"PubmedArticleSet", "PubmedBookArticleSet", "BookDocumentSet", "PubmedArticle", "PubmedBookArticle"}
_CHUNK = 1 << 20
_END = b"</PubmedArticle>"
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
DELETED = (
    "deleted by PubMed: "  # begins the line that stands for a DeleteCitation; "pmid:…" follow, comma and space between
)


class Options(ContactSearches):
    """`datetype`: entry date (edat, new records), change date (mdat, corrections) or publication date (pdat)."""

    datetype: Literal["edat", "mdat", "pdat"] = "edat"


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    return [_esearch(source, options, walk) for walk in begin(window, parts=len(asked(source, options)))]


def recheck(source: Source, pmids: Sequence[str]) -> tuple[Request, ...]:
    """Return the requests that ask stored records again, for corrections and retractions that came later."""
    options = options_of(source, Options)
    return tuple(_efetch(source, options, pmids[i : i + _BATCH], {}) for i in range(0, len(pmids), _BATCH))


def _esearch(source: Source, options: Options, walk: Walk) -> Request:
    params = (
        ("db", "pubmed"),
        ("term", asked(source, options)[walk.part]),
        ("retmode", "xml"),
        ("datetype", options.datetype),
        ("mindate", f"{walk.since:%Y/%m/%d}"),
        ("maxdate", f"{walk.until:%Y/%m/%d}"),
        ("retstart", walk.pos or "0"),
        ("retmax", str(min(_CEILING, source.max_items))),
        *_identity(options),
    )
    return Request(source.url, params, secrets(source), step="esearch", state=walk.state())


def _efetch(source: Source, options: Options, pmids: Sequence[str], state: dict[str, Any]) -> Request:
    url = re.sub(r"esearch\.fcgi.*$", "efetch.fcgi", source.url)
    params = (("db", "pubmed"), ("id", ",".join(pmids)), ("retmode", "xml"), *_identity(options))
    return Request(url, params, secrets(source), step="efetch", state=state)


def _identity(options: Options) -> tuple[tuple[str, str], ...]:
    return (("tool", "nps-tracker"), *options.identity("email"))


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read an esearch answer or a set of records; what it is shows in its first element."""
    refuse_html(source, payload, "PubMed XML")
    refuse_entities(source, payload.body)
    root = root_name(payload.body)
    if root == "eSearchResult":
        return _found(source, payload, request)
    if root in _SETS:
        return _records(source, payload, request)
    if root in ("eFetchResult", "ERROR"):
        raise ParseError(f"{source.id}: PubMed answered with an error: {_first_text(payload.body, 'ERROR')}")
    found = f"the element <{root}>" if root else repr(payload.body[:40])
    raise ParseError(f"{source.id}: PubMed XML was due (PubmedArticleSet or eSearchResult), found {found}")


# --- esearch ---------------------------------------------------------------------------------------------------------


def _found(source: Source, payload: Payload, request: Request) -> Page:
    from lxml import etree

    try:
        root = etree.fromstring(payload.body, _parser())
    except etree.XMLSyntaxError as cause:
        raise ParseError(f"{source.id}: the esearch answer is broken: {cause}") from None
    if error := root.findtext("ERROR"):
        raise ParseError(f"{source.id}: PubMed answered with an error: {error.strip()[:300]}")
    ids = [e.text.strip() for e in root.iterfind("IdList/Id") if e.text]
    total = number_of(root.findtext("Count"))
    unknown = [f"PubMed does not know the phrase {e.text!r}" for e in root.iterfind("ErrorList/PhraseNotFound")]
    walk = walk_in(request.state)
    if walk is None:
        return Page(total=total, problems=tuple(unknown))
    options = options_of(source, Options)
    move = advance(walk, got=0, pos=None, total=total, ceiling=min(_CEILING, source.max_items))
    following = [_esearch(source, options, half) for half in move.walks]
    if ids and not following:
        following = [_batch(source, options, walk, ids)]
    return Page(next=tuple(following), total=total if walk.parts == 1 else None, problems=(*unknown, *move.problems))


def _batch(source: Source, options: Options, walk: Walk, ids: Sequence[str]) -> Request:
    size = min(options.page_size or _BATCH, _BATCH)
    return _efetch(source, options, ids[:size], walk.state(left=list(ids[size:])))


def _parser() -> Any:
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _first_text(body: bytes, tag: str) -> str:
    found = re.search(rb"<" + tag.encode() + rb"[^>]*>(.*?)</", body[:65536], re.DOTALL)
    return found[1].decode("utf-8", "replace").strip()[:300] if found else "without a message"


# --- efetch ----------------------------------------------------------------------------------------------------------


def documents(stream: BinaryIO) -> Iterator[Document | str]:
    """Yield the documents of a PubMed XML stream one by one, and a line (str) for each record left out.

    Memory stays that of one record. Raises lxml.etree.XMLSyntaxError at a cut or fault, after the records before it.
    """
    for element in elements(_slim(stream), _RECORDS):
        if element.tag == "DeleteCitation":
            yield DELETED + ", ".join(f"pmid:{e.text}" for e in element if e.text)
            continue
        document = article(element) if element.tag == "PubmedArticle" else book(element)
        yield document or "a record was left out: it has neither a PMID nor a title"


def _slim(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in whole records without the parts that no document uses: half of the bytes, so half of the time.

    A reference list is the last thing in its PubmedData (it may hold others, so it is cut to the end of that).
    """
    kept = b""
    while chunk := stream.read(_CHUNK):
        kept += chunk
        end = kept.rfind(_END)
        if end >= 0:
            whole, kept = kept[: end + len(_END)], kept[end + len(_END) :]
            whole = _without(whole, b"<ReferenceList>", b"</PubmedData>", keep_closing=True)
            yield _without(whole, b"<AffiliationInfo>", b"</AffiliationInfo>")
    if kept:
        yield kept


def _without(text: bytes, opening: bytes, closing: bytes, *, keep_closing: bool = False) -> bytes:
    """Return `text` without what stands from each `opening` to the next `closing`."""
    pieces: list[bytes] = []
    at = 0
    while (start := text.find(opening, at)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            break
        pieces.append(text[at:start])
        at = end if keep_closing else end + len(closing)
    pieces.append(text[at:])
    return b"".join(pieces)


def _records(source: Source, payload: Payload, request: Request) -> Page:
    from lxml import etree

    found: list[Document] = []
    problems: list[str] = []
    complete = True
    try:
        for item in documents(io.BytesIO(payload.body)):
            if isinstance(item, str):
                problems.append(item)
            else:
                found.append(with_type(item, source, "journal_article"))
    except etree.XMLSyntaxError as cause:
        complete = False
        problems.append(f"{CUT}: {cause}")
    return _following(source, request, Page(tuple(found), problems=tuple(problems), complete=complete))


def _following(source: Source, request: Request, page: Page) -> Page:
    """Add the request for the next identifiers of the search."""
    walk = walk_in(request.state)
    if walk is None or not page.complete:
        return page
    options = options_of(source, Options)
    left: list[str] = list(request.state.get("left", ()))
    move = advance(walk, got=len(page.documents), pos=str(len(left)) if left else None, max_pages=options.max_pages)
    following = tuple(_batch(source, options, onward, left) for onward in move.walks)
    return replace(page, next=following, problems=(*page.problems, *move.problems))


KIND = Kind(
    name="pubmed",
    options=Options,
    first=first,
    read=read,
    file_step="efetch",
    recheck=Recheck(recheck, by="pmid", batch=400),
)
