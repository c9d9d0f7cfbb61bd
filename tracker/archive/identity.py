"""Which stored document an item is, whether it changed, and what must never be stored. Pure functions."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING, Any

from tracker.model import Document
from tracker.text.urls import canonical_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.model import EditorialStatus

HASH_VERSION = 1
_STABLE = json.JSONEncoder(ensure_ascii=True).encode
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
# What makes a revision. Left out: addresses and identifiers (identity), `updated` (bumped by many feeds without a
# change), `language` (often detected), `extra` (counters and the like).
_HASHED = (
    "title", "text", "summary", "authors", "publisher", "doctype", "journal", "pub_types", "editorial_status",
    "relates_to", "countries",
)  # fmt: skip
_FIELDS = tuple(f.name for f in fields(Document) if f.name not in ("title", "text", "summary"))
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_HANDLE = re.compile(r"(?<![\w/])(?:/?u/|@)(?=[\w-]{2,})[\w-]+|(?<=reddit\.com/user/)[\w-]+")
_QUOTED = re.compile(
    r"^([^\s:][^\n:]{0,40}?)(?= (?:said|wrote|posted|schrieb|sagte|a écrit|escribió) ?:)", re.MULTILINE
)
_NAME_LENGTH = 3  # characters; a shorter name is a word of everybody
QUIET_TYPES = ("forum", "marketing")
_GRAVITY: dict[str, int] = {"ok": 0, "notice": 1, "corrected": 2, "concern": 3, "retracted": 4}


def prepare(document: Document, *, quiet: bool = False) -> Document:
    """The document as it may be stored: storable characters, and for `quiet` (forum, marketing) sources no people.

    Every replacement keeps its length, so spans found before or after it are the same.
    """
    if quiet:
        names = tuple(name.removeprefix("/").removeprefix("u/") for name in document.authors)
        document = replace(
            document,
            authors=(),
            title=_mask(document.title, names),
            text=_mask(document.text, names),
            summary=_mask(document.summary, names),
            extra={k: v for k, v in document.extra.items() if "author" not in k and "user" not in k},
        )
    if not document.text and document.summary:
        document = replace(document, text=document.summary, summary=None)
    changes: dict[str, Any] = {}
    for field in ("external_id", "url", "title", "text", "summary", "publisher", "journal", "doi", "pmid"):
        value = getattr(document, field)
        if value and _UNSTORABLE.search(value):
            changes[field] = _UNSTORABLE.sub("\ufffd", value)
    return replace(document, **changes) if changes else document


def _mask(text: str | None, names: Sequence[str] = ()) -> str | None:
    """Handles (u/name, @name), who is quoted ("name said:") and the authors' names as stars of the same length."""
    if not text:
        return text
    text = _HANDLE.sub(lambda match: "*" * len(match[0]), text)
    text = _QUOTED.sub(lambda match: "*" * len(match[1]) + match[0][len(match[1]) :], text)
    known = sorted((re.escape(name) for name in names if len(name) >= _NAME_LENGTH), key=len, reverse=True)
    if known:
        text = re.sub(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", lambda m: "*" * len(m[0]), text, flags=re.IGNORECASE)
    return text


def content_hash(document: Document) -> bytes:
    """A stable hash of what a reader would call the content; empty fields do not count, so new fields change
    nothing."""
    parts = [str(HASH_VERSION)]  # as JSON of a list of pairs; put together by hand, since most values are plain text
    for field in _HASHED:
        value = getattr(document, field)
        if value and not (field == "editorial_status" and value == "ok"):
            said = encode_basestring_ascii(value) if type(value) is str else _STABLE(value)
            parts.append(f'["{field}", {said}]')
    if document.published:
        parts.append(f'["published", {_STABLE(document.published[:10])}]')  # a feed's clock time wanders
    return blake2b(f"[{', '.join(parts)}]".encode(), digest_size=12).digest()


def fields_json(document: Document) -> str:
    """Everything but the long texts, as the source gave it; absent fields are left out."""
    parts = []
    for name in _FIELDS:
        if value := getattr(document, name):
            plain = type(value) is str
            said = encode_basestring(value) if plain else _COMPACT(dict(value) if name == "extra" else value)
            parts.append(f'"{name}":{said}')
    return _UNSTORABLE.sub("\ufffd", f"{{{','.join(parts)}}}")


def document_of(fields_text: str, title: str | None, text: str | None, summary: str | None) -> Document:
    """Inverse of `fields_json`."""
    values = json.loads(fields_text)
    for name in ("authors", "pub_types", "relates_to", "countries"):
        values[name] = tuple(values.get(name, ()))
    return Document(**values, title=title, text=text, summary=summary)


def key(text: str) -> int:
    """64-bit number under which an identifier is looked up."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Keys:
    """The names an item answers to, as numbers; None where it has none of the kind."""

    doi: int | None
    pmid: int | None
    link: int | None
    own: int | None  # link with guid, else link with title: used where a payload repeats a link
    guid: int

    def all(self) -> list[int]:
        return [k for k in (self.doi, self.pmid, self.link, self.own, self.guid) if k is not None]


def keys_of(document: Document, canonical: str | None = None) -> Keys:
    """All keys of a document; `canonical` is its canonical link where the caller has worked it out already."""
    link = canonical or (canonical_url(document.url) if document.url else None)
    if document.extra.get("identity") == "external_id":
        link = None  # a watched page: each change of it is a document of its own
    own = None
    if link:
        no_guid = document.external_id in (document.url, link)
        own = key(
            f"own:{link}\n{document.title or ''}\n{document.url}" if no_guid else f"own:{link}\n{document.external_id}"
        )
    return Keys(
        doi=key(f"doi:{document.doi.lower()}") if document.doi else None,
        pmid=key(f"pmid:{document.pmid}") if document.pmid else None,
        link=key(f"link:{link}") if link else None,
        own=own,
        guid=key(f"guid:{document.external_id}"),
    )


def target_key(target: str) -> int | None:
    """Key of what a notice is about (`doi:…`, `pmid:…`, `url:…`); None for other forms."""
    kind, _, value = target.partition(":")
    if kind == "doi":
        return key(f"doi:{value.lower()}")
    if kind == "pmid":
        return key(f"pmid:{value}")
    return key(f"link:{canonical_url(value)}") if kind == "url" else None


def shared_links(keys: Iterable[Keys]) -> set[int]:
    """Links under which one payload lists different entries; these need guid or title to tell them apart."""
    found: dict[int, set[int]] = defaultdict(set)
    for item in keys:
        if item.link is not None and item.own is not None and item.doi is None and item.pmid is None:
            found[item.link].add(item.own)
    return {link for link, owners in found.items() if len(owners) > 1}


def notice_status(document: Document) -> EditorialStatus:
    """What a notice says of its target: retracted (also withdrawn), concern, else corrected."""
    stated = document.extra.get("marks") or document.extra.get("notice")
    if isinstance(stated, str) and stated in _GRAVITY:
        return stated  # type: ignore[return-value]
    words = " ".join((*document.pub_types, document.title or "", str(stated or ""))).lower()
    if re.search(r"retract|withdr[ae]w|rescind|revoc", words):
        return "retracted"
    return "concern" if "concern" in words else "corrected"


def gravest(statuses: Sequence[str]) -> str:
    """The one to show where several hold."""
    return max(statuses, key=lambda status: _GRAVITY.get(status, 0), default="ok")


def agree(doi: str | None, pmid: str | None, other_doi: str | None, other_pmid: str | None) -> bool:
    """Two PMIDs, or without them two DOIs, are two documents, whatever else they share."""
    if pmid and other_pmid:
        return pmid == other_pmid
    return not (doi and other_doi and doi.lower() != other_doi.lower())
