"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom, RDF (through feedparser) and JSON Feed 1.x."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Kind,
    Options,
    dated,
    doi_of,
    language_of,
    line_of,
    newest_first,
    refuse_html,
    stable_id,
    text_of,
    title_of,
    told_apart,
)
from tracker.sources._feed_json import is_json, read_json_feed
from tracker.sources._feed_xml import XmlFeed, has_feed_root, read_xml_feed
from tracker.sources._linked import linked
from tracker.text.chars import clean
from tracker.text.dates import ClaimedDate, DateReader
from tracker.text.urls import absolute_url

_PUBLISHED = ("published", "dc_date", "created", "prism_publicationdate")
_NEWS_SEARCH = re.compile(r"(?:^|\.)news\.google\.[a-z.]+$")


class FeedOptions(Options):
    """A feed needs none."""


def first(source: Source, window: Window) -> Sequence[Request]:
    """One request: a feed says itself what is new."""
    return (Request(url=source.url, step="feed", conditional=True),)


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the entries of a feed, newest first where `max_items` cuts."""
    if not has_feed_root(payload.body):
        refuse_html(source, payload, "a feed")
    if is_json(payload.body):
        documents, complete = read_json_feed(source, payload)
    else:
        feed = read_xml_feed(
            payload.body, url=payload.url or source.url, content_type=payload.content_type, name=source.id
        )
        documents, complete = list(_documents(feed, source, payload.url or source.url)), feed.complete
    kept, cut = newest_first(told_apart(documents), source.max_items)
    problems = cut if complete else (*cut, "the payload was cut off or is too large; entries before that were read")
    return Page(documents=kept, problems=problems, complete=complete)


# --- one entry of RSS, Atom or RDF -----------------------------------------------------------------------------------


def _documents(feed: XmlFeed, source: Source, base: str) -> Iterable[Document]:
    base = base or _get(feed.feed, "link") or ""
    dates = DateReader()
    feed.entries.reverse()
    while feed.entries:  # each is dropped when it is read: twenty thousand of them weigh 60 MB
        document = _document(feed.entries.pop(), feed, source, base, dates)
        if document is not None:
            yield document


def _document(entry: Mapping[str, Any], feed: XmlFeed, source: Source, base: str, dates: DateReader) -> Document | None:
    origin = _dict(entry, "source")
    publisher = line_of(_get(origin, "title"))
    title = _without_source(title_of(_get(entry, "title")), publisher)
    url = _link(entry, base)
    text, summary = _texts(entry)
    guid = " ".join(clean(_get(entry, "id") or "")[:2000].split()) or None
    if guid and guid.startswith("/"):
        guid = absolute_url(guid, base)
    if not (guid or url or title or text):
        return None
    document = Document(
        external_id=guid or url or stable_id(title, text),
        url=url,
        title=title,
        text=text,
        summary=summary,
        authors=_authors(entry) or _authors(origin) or _authors(feed.feed),
        publisher=publisher or line_of(_get(entry, "publisher")) or source.publisher,
        language=language_of(source, _language(entry), _get(feed.feed, "language")),
        doi=_doi(entry),
        pmid=_pmid(guid),
        journal=line_of(_get(entry, "prism_publicationname")),
        relates_to=_linked(entry, source, url),
        extra=_extra(entry),
    )
    return dated(document, _published(entry, url, dates), dates(_get(entry, "updated")))


def _get(holder: Mapping[str, Any], key: str) -> str | None:
    """Look up plainly: feedparser's own look-up answers one date with another."""
    value = dict.get(holder, key) if isinstance(holder, dict) else None
    return value if isinstance(value, str) and value else None


def _dict(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = dict.get(holder, key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _list(holder: Mapping[str, Any], key: str) -> list[Any]:
    value = dict.get(holder, key) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def _link(entry: Mapping[str, Any], base: str) -> str | None:
    """Return the entry's own page: what its feed service names as the original link first, then its link."""
    for key in ("feedburner_origlink", "link"):
        if url := absolute_url(_get(entry, key), base):
            return url
    return None


def _texts(entry: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return text and summary: the content is the text; a summary alone is the text."""
    contents = [text_of(_get(c, "value")) for c in _list(entry, "content")]
    content = max((c for c in contents if c), key=len, default=None)
    summary = text_of(_get(entry, "summary"))
    if content is None:
        return summary or text_of(_get(entry, "itunes_text") or _get(entry, "media_text")), None
    return content, summary if summary != content else None


def _linked(entry: Mapping[str, Any], source: Source, url: str | None) -> tuple[str, ...]:
    """Of a forum: what the thread links, which is what it is about."""
    if source.type != "forum":
        return ()
    markups = [*(_get(c, "value") for c in _list(entry, "content")), _get(entry, "summary")]
    return linked(markups, (source.url, url))


def _without_source(title: str | None, publisher: str | None) -> str | None:
    """Cut the " - Publisher" that news searches append to each title."""
    if not title or not publisher:
        return title
    return re.sub(rf"\s+[-–|]\s+{re.escape(publisher)}$", "", title) or title


def _published(entry: Mapping[str, Any], url: str | None, dates: DateReader) -> ClaimedDate | None:
    for key in _PUBLISHED:
        if found := dates(_get(entry, key)):
            return _day_of_news_search(found, url)
    return None


def _day_of_news_search(found: ClaimedDate, url: str | None) -> ClaimedDate:
    """Google News writes 07:00 or 08:00 GMT (midnight in California) where it knows the day only."""
    if found.value[10:] in ("T07:00:00Z", "T08:00:00Z") and _NEWS_SEARCH.search(urlsplit(url or "").netloc):
        return ClaimedDate(found.value[:10], "day")
    return found


def _authors(holder: Mapping[str, Any]) -> tuple[str, ...]:
    names = (line_of(_get(a, "name") or _get(a, "email")) for a in _list(holder, "authors"))
    found = tuple(dict.fromkeys(name for name in names if name))
    alone = line_of(_get(holder, "author"))
    return found or ((alone,) if alone else ())


def _language(entry: Mapping[str, Any]) -> str | None:
    """Return the language that the entry declares for its content, when it differs from no declaration at all."""
    for detail in (*_list(entry, "content"), _dict(entry, "summary_detail"), _dict(entry, "title_detail")):
        if isinstance(detail, dict) and (found := _get(detail, "language")):
            return found
    return _get(entry, "language")


def _doi(entry: Mapping[str, Any]) -> str | None:
    stated = (_get(entry, key) for key in ("prism_doi", "dc_identifier", "id", "link"))
    return next((doi for doi in map(doi_of, stated) if doi), None)


def _pmid(guid: str | None) -> str | None:
    match = re.fullmatch(r"pubmed:(\d{1,9})", guid or "")
    return match[1] if match else None


def _extra(entry: Mapping[str, Any]) -> dict[str, Any]:
    tags = [line_of(_get(tag, "term") or _get(tag, "label")) for tag in _list(entry, "tags")]
    categories = list(dict.fromkeys(tag for tag in tags if tag))
    return {"categories": categories[:50]} if categories else {}


KIND = Kind(name="feed", options=FeedOptions, first=first, read=read, robots=True)
