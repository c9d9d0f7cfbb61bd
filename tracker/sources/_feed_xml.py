"""RSS, Atom and RDF through feedparser, with its doors closed.

feedparser's own entry point may read files and addresses, expands entities, and files dc:date under `updated`. So the
bytes are made UTF-8 by its code, freed from document type and control characters, checked for an end, and handed to its
two parsers (strict, then tolerant) directly.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from tracker.errors import ParseError

_PROLOG_END = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*[\s>/]")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s+(%\s+)?\S+\s+(?:(SYSTEM|PUBLIC)\b|\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_ENTRIES_LIMIT = 50_000  # entries of one payload; what follows is not read
_TOLERANT_LIMIT = 3_000_000  # bytes of an ill-formed payload
_HUGE_TAG = re.compile(rb"<[A-Za-z][^<>]{500000}")
_DEPTH_LIMIT = 300  # elements inside each other
_ENTITY_LIMIT = 1000  # bytes; a longer value is there to be multiplied
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r")
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?(?:rss|feed|rdf|channel))[\s>]", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_LINK_LIKE = re.compile(r"[A-Za-z][\w+.-]*:|/|\.{1,2}/|[\w.-]+/[\w.-]")
_CHARREF = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|(\d{1,9}));")


@dataclass(frozen=True, slots=True)
class XmlFeed:
    """What feedparser found: its dictionaries of feed and entries, and whether the payload was whole."""

    version: str
    feed: Mapping[str, Any]
    entries: list[Mapping[str, Any]]
    complete: bool


class _AsWritten:
    """Keeps dates as written, dc:date apart from `updated`, and descriptions of media apart from those of the entry."""

    def unknown_starttag(self: Any, tag: str, attrs: Any) -> None:
        if self.depth > _DEPTH_LIMIT:
            raise ParseError(f"elements stand more than {_DEPTH_LIMIT} deep in each other; refused")
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def characters(self: Any, text: str) -> None:  # called most of all; feedparser's own way is slow
        if self.elementstack:
            inline = dict.get(self.contentparams, "type") == "application/xhtml+xml"
            self.elementstack[-1][2].append(html.escape(text, quote=False) if inline else text)

    def _start_dc_date(self: Any, attrs: Any) -> None:
        self.push("dc_date", 1)

    def _end_dc_date(self: Any) -> None:
        self.pop("dc_date")

    def _end_published(self: Any) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_dcterms_issued = _end_published

    def _end_updated(self: Any) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_dcterms_modified = _end_updated

    def _end_created(self: Any) -> None:
        self.pop("created")

    _end_dcterms_created = _end_created

    def _start_itunes_summary(self: Any, attrs: Any) -> None:
        self.push("itunes_text", 1)

    def _end_itunes_summary(self: Any) -> None:
        self.pop("itunes_text")

    def _start_media_description(self: Any, attrs: Any) -> None:
        self.push("media_text", 1)

    def _end_media_description(self: Any) -> None:
        self.pop("media_text")

    def _end_guid(self: Any) -> None:
        words = "".join(p.decode("utf-8", "replace") if isinstance(p, bytes) else p for p in self.elementstack[-1][2])
        if not _LINK_LIKE.match(words.strip()):
            self.guidislink = False  # "12345" is an identifier, whatever the default of isPermaLink
        super()._end_guid()  # type: ignore[misc]

    _end_id = _end_guid

    def _end_item(self: Any) -> None:
        super()._end_item()  # type: ignore[misc]
        if self.entries:  # without what nobody asks for: of twenty thousand entries it is half the memory
            _slim(self.entries[-1])

    _end_entry = _end_item

    def _start_link(self: Any, attrs: Any) -> None:
        if "href" not in attrs and "url" not in attrs:
            attrs.pop("uri", None)  # an address in another scheme beside the link
        super()._start_link(attrs)  # type: ignore[misc]


def _slim(entry: dict[str, Any]) -> None:
    entry.pop("links", None)
    for name in ("title_detail", "summary_detail"):
        detail = dict.get(entry, name)
        if isinstance(detail, dict) and not dict.get(detail, "language"):
            del entry[name]


@cache
def _reader() -> Any:
    """Return expat's SAX reader class that hands over text in whole runs, not entity by entity."""
    from xml.sax.expatreader import ExpatParser

    def reset(self: Any) -> None:
        ExpatParser.reset(self)
        self._parser.buffer_text = True

    return type("Reader", (ExpatParser,), {"reset": reset})


@cache
def _parsers() -> tuple[Any, Any]:
    from feedparser import api

    return type("Strict", (_AsWritten, api.StrictFeedParser), {}), type("Loose", (_AsWritten, api.LooseFeedParser), {})


def has_feed_root(body: bytes) -> bool:
    """Whether the first element is a feed's, whatever document type stands before it."""
    first = re.search(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s>]", body[:8192])
    return first is not None and first[1].lower() in (b"rss", b"feed", b"rdf")


def read_xml_feed(body: bytes, *, url: str, content_type: str | None, name: str) -> XmlFeed:
    """Return what stands in an RSS, Atom or RDF document; `name` is the source's, for messages.

    Raises ParseError when it declares hostile entities or is no feed at all.
    """
    data = _utf8(body, content_type, name)
    data = _without_doctype(data, name)
    if _HUGE_TAG.search(data):
        raise ParseError(f"{name}: one tag of the document is longer than 500,000 bytes; refused")
    data, complete = _whole(data)
    base = url if b"base" in data else ""  # feedparser resolves every element against it; links are resolved later
    try:
        parsed = _strict(data, base)
        if parsed is None:
            data, short = _shortened(data)
            parsed, complete = _loose(data, base), complete and not short
    except ParseError as error:
        raise ParseError(f"{name}: {error}") from None
    if not parsed.version and not parsed.entries:
        raise ParseError(f"{name}: a feed was due, found {data[38:98].decode('utf-8', 'replace').strip()!r}")
    return XmlFeed(parsed.version, parsed.feeddata, parsed.entries, complete)


def _utf8(body: bytes, content_type: str | None, name: str) -> bytes:
    from feedparser.encodings import convert_to_utf8

    headers = {"content-type": content_type} if content_type else {}
    start = body.lstrip(b" \t\r\n") if body[:1] in b" \t\r\n" else body
    found: dict[str, Any] = {}
    data: bytes = convert_to_utf8(headers, start, found)
    if not found.get("encoding"):
        raise ParseError(f"{name}: a feed was due, found bytes in no known encoding")
    data = data.translate(None, _CONTROLS).replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    return _CHARREF.sub(_legal, data) if b"&#" in data else data


def _legal(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF
    return match[0] if legal else b""


def _without_doctype(data: bytes, name: str) -> bytes:
    """Drop the document type; refuse it when its entities nest or are huge. None is ever expanded or fetched."""
    if not re.search(rb"<!DOCTYPE", data[:65536], re.IGNORECASE):
        return data
    root = _ROOT.search(data)
    prolog = data[: root.start()] if root else data
    for parameter, outside, double, single in _ENTITY.findall(prolog):
        value = double or single
        if (parameter and not outside) or len(value) > _ENTITY_LIMIT or re.search(rb"&(?!#\w+;)|%\w+;", value):
            raise ParseError(f"{name}: the document declares entities that multiply; refused unread")
    return _DOCTYPE.sub(b"", prolog, count=1) + data[len(prolog) :]


def _whole(data: bytes) -> tuple[bytes, bool]:
    """Return the data up to the last whole entry when its end is missing, and whether it was whole."""
    root = _ROOT.search(data)
    if root is None or root[1].lower() == b"channel":
        return data, True
    closing = b"</" + root[1]
    empty = data.rstrip().endswith(b"/>") and not _ENTRY_END.search(data)
    if empty or closing.lower() in data[-2000:].lower() or re.search(re.escape(closing), data, re.IGNORECASE):
        last = next(islice(_ENTRY_END.finditer(data), _ENTRIES_LIMIT - 1, None), None)
        if last is None or _ENTRY_END.search(data, last.end()) is None:
            return data, True
    ends = [m.end() for m in islice(_ENTRY_END.finditer(data), _ENTRIES_LIMIT)]
    cut = ends[-1] if ends else _before_first_entry(data)
    channel = b"</channel>" if root[1].lower() == b"rss" else b""
    return data[:cut] + channel + closing + b">", False


def _shortened(data: bytes) -> tuple[bytes, bool]:
    """Bound what the tolerant parser gets, which is slow on hostile markup; entries are never cut through."""
    if len(data) <= _TOLERANT_LIMIT:
        return data, False
    ends = [m.end() for m in _ENTRY_END.finditer(data, 0, _TOLERANT_LIMIT)]
    return data[: ends[-1] if ends else _TOLERANT_LIMIT], True


def _before_first_entry(data: bytes) -> int:
    first = re.search(rb"<(?:[A-Za-z_][\w.-]*:)?(?:item|entry)[\s>]", data, re.IGNORECASE)
    return first.start() if first else len(data)


def _strict(data: bytes, url: str) -> Any | None:
    import xml.sax
    import xml.sax.handler
    import xml.sax.xmlreader

    parser = _parsers()[0](url, None, "utf-8")
    parser.resolve_relative_uris = parser.sanitize_html = False
    sax = _reader()()
    sax.setFeature(xml.sax.handler.feature_namespaces, 1)
    sax.setFeature(xml.sax.handler.feature_external_ges, 0)
    sax.setContentHandler(parser)
    sax.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    try:
        sax.parse(source)
    except ParseError:
        raise
    except xml.sax.SAXException:
        return None
    except Exception:  # feedparser's handlers trip over odd markup in ways of their own; the tolerant parser is next
        return None
    return parser


def _loose(data: bytes, url: str) -> Any:
    parser = _parsers()[1](url, None, "utf-8", {})
    parser.resolve_relative_uris = parser.sanitize_html = False
    parser.feed(data.decode("utf-8", "replace"))
    return parser
