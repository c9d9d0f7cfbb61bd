"""JSON Feed 1.0 and 1.1, which the released feedparser does not read; a cut-off one up to the cut."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tracker.errors import ParseError
from tracker.model import Document, Payload, Source
from tracker.sources._base import (
    dated,
    is_html,
    language_of,
    line_of,
    read_json,
    stable_id,
    text_of,
    title_of,
)
from tracker.text.chars import clean
from tracker.text.dates import DateReader
from tracker.text.urls import absolute_url

_VERSION = re.compile(r"jsonfeed\.org/version/1(?:\.\d+)?/?(?![\d.])", re.IGNORECASE)
_ITEMS = re.compile(r'"items"\s*:\s*\[')


def is_json(body: bytes) -> bool:
    """Whether a body begins like JSON."""
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") and not is_html(body)


def read_json_feed(source: Source, payload: Payload) -> tuple[list[Document], bool]:
    """Return the documents of a JSON Feed in its order, and whether it was whole; ParseError for other JSON."""
    complete = True
    try:
        feed = read_json(source, payload, "a feed")
    except ParseError:
        feed = _before_the_cut(payload.body.decode("utf-8-sig", "replace"))
        complete = False
        if feed is None:
            raise
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list) or not _is_feed(feed):
        raise ParseError(f"{source.id}: a feed was due, found JSON that is no JSON Feed (no version and items)")
    base = absolute_url(line_of(feed.get("feed_url")), payload.url or source.url) or payload.url or source.url
    dates = DateReader()
    documents = [_document(item, feed, base, source, dates) for item in feed["items"] if isinstance(item, dict)]
    return [d for d in documents if d is not None], complete


def _is_feed(feed: Mapping[str, Any]) -> bool:
    return _VERSION.search(str(feed.get("version", ""))) is not None


def _before_the_cut(text: str) -> dict[str, Any] | None:
    """Return the feed of a JSON text that breaks off inside its items, with the items that are whole."""
    start = _ITEMS.search(text)
    if start is None or not _VERSION.search(text[: start.start()]):
        return None
    decoder, items, at = json.JSONDecoder(strict=False), [], start.end()
    while True:
        at += len(text[at : at + 4096]) - len(text[at : at + 4096].lstrip(" \t\r\n,"))
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        items.append(item)
    head = {m[1]: m[2] for m in re.finditer(r'"(\w+)"\s*:\s*"([^"\\]*)"', text[: start.start()])}
    return {**head, "items": items}


def _document(
    item: Mapping[str, Any], feed: Mapping[str, Any], base: str, source: Source, dates: DateReader
) -> Document | None:
    title = title_of(_text(item.get("title")))
    url = absolute_url(_text(item.get("url")), base) or absolute_url(_text(item.get("external_url")), base)
    plain_text = _text(item.get("content_text"))
    text = text_of(_text(item.get("content_html"))) or (clean(plain_text) or None if plain_text else None)
    summary = text_of(_text(item.get("summary")))
    if not text:
        text, summary = summary, None
    stated = line_of(item.get("id"))
    if not (stated or url or title or text):
        return None
    tags = [t for t in (line_of(tag) for tag in _list(item.get("tags"))) if t]
    document = Document(
        external_id=stated or url or stable_id(title, text),
        url=url,
        title=title,
        text=text,
        summary=summary if summary != text else None,
        authors=_authors(item) or _authors(feed),
        publisher=source.publisher,
        language=language_of(source, _text(item.get("language")), _text(feed.get("language"))),
        extra={"categories": tags} if tags else {},
    )
    return dated(document, dates(_text(item.get("date_published"))), dates(_text(item.get("date_modified"))))


def _text(value: object) -> str | None:
    """Return a JSON value that should be text: numbers as written, anything else as absent."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _authors(holder: Mapping[str, Any]) -> tuple[str, ...]:
    found = _list(holder.get("authors")) or [holder.get("author")]
    names = [line_of(a.get("name")) if isinstance(a, dict) else line_of(a) for a in found]
    return tuple(name for name in names if name)
