"""One mail message as a document: newsletters are how some sources that refuse scripts can be read at all.

Who received it is nobody's business: recipient headers are never read into the document, the recipients' addresses,
unsubscribe and tracking links and the lines about them are removed from the text. The newsletter's own links are kept
in `extra["links"]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tracker.errors import ParseError
from tracker.model import Document, Source
from tracker.sources._base import dated, language_of, line_of, stable_id, title_of
from tracker.text.chars import clean, unbreak
from tracker.text.dates import parse_date
from tracker.text.markup import plain
from tracker.text.urls import absolute_url, without_tracking

_RECIPIENTS = (
    "to",
    "cc",
    "bcc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "resent-to",
    "x-rcpt-to",
    "apparently-to",
)
_HEADER = re.compile(rb"^(?:From |[A-Za-z][A-Za-z0-9-]{0,60}:)[^\r\n]*\r?\n", re.MULTILINE)
_KNOWN_HEADER = re.compile(
    rb"^(?:from|subject|date|message-id|received|mime-version|return-path|content-type):", re.I | re.M
)
_LINKS_LIMIT = 200
_XML = re.compile(r"<\?xml[^>]{0,300}\?>", re.IGNORECASE)  # the tree builder warns of it
_RECIPIENT_PARAMETERS = frozenset("e mc_eid _hsenc _hsmi email recipient subscriber uid".split())
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Lines of a newsletter that speak to its recipient.
_HOUSEKEEPING = re.compile(
    r"unsubscribe|opt[- ]?out|(?:manage|update) (?:your )?(?:subscription|preference|profile)|"
    r"(?:subscription|email) preferences|you(?:'re| are|’re) receiving (?:this|our)|you received this|"
    r"this (?:e-?mail|message) was (?:sent|intended)|(?:was )?sent to .{0,3}$|"
    r"add us to your address book|forward to a friend|privacy policy$|"
    r"view (?:this|the|it)?\s?(?:e-?mail|message|newsletter|online)?\s?in (?:your|a) browser|"
    r"abmelden|abbestellen|se d[ée]sabonner|d[ée]sinscri|darse de baja|cancelar (?:la )?suscripci|disiscri|"
    r"uitschrijven|avregistrera",
    re.IGNORECASE,
)
_GREETING = re.compile(r"^\s*(?:dear|hello|hi|hallo|bonjour|hola)\s*[,!:.]?\s*$", re.IGNORECASE)
_BROWSER_VIEW = re.compile(
    r"view.{0,20}browser|view (?:it |this )?online|web version|im browser|en ligne|navegador", re.IGNORECASE
)
_TRACKER = re.compile(
    r"(?:^|\.)(?:clicks?|track|tracking|links?|trk|t|r|e|email|url\d*)\.[\w-]+\.|list-manage\d*\.com|"
    r"sendgrid\.net|mandrillapp\.com|mailgun\.|hubspot(?:email|links)\.|govdelivery\.com|constantcontact\.com|rs6\.net|"
    r"e2ma\.net|cmail\d*\.com|createsend|exacttarget|mailjet|sendinblue|mlsend|safelinks\.protection\.outlook\.com",
    re.IGNORECASE,
)
_TRACK_PATH = re.compile(r"/(?:track|clicks?|ls/click|wf/click|open|CL0|c/[\w-]{20,}|e/c)(?:/|\?|$)", re.IGNORECASE)


def read_message(raw: bytes, source: Source) -> Document:
    """Return the document of one message (RFC 5322 bytes); ParseError when the bytes are none."""
    if not _HEADER.match(raw.lstrip()) or not _KNOWN_HEADER.search(raw[:65536]):
        raise ParseError(f"{source.id}: a mail message was due, found {raw[:60]!r}")
    message = message_from_bytes(_unquoted_from(raw), _class=EmailMessage, policy=policy.default)
    private = _recipients(message)
    markup, text = _bodies(message)
    links, view = _links(markup, private) if markup else ([], None)
    body = _body_text(plain(markup) if markup else clean(unbreak(text or "")), private)
    if not markup and body:
        links = _plain_links(body)
    title = title_of(_without(_header(message, "subject") or "", private))
    if not title and not body:
        raise ParseError(f"{source.id}: the message has neither subject nor text")
    name, address = parseaddr(_header(message, "from") or "")
    stated = re.sub(r"[<>\s]", "", _header(message, "message-id") or "")
    document = Document(
        external_id=stated or stable_id(title, body),
        url=view,
        title=title,
        text=body or None,
        publisher=source.publisher or line_of(name) or (address.rpartition("@")[2] or None),
        language=language_of(source, _header(message, "content-language")),
        extra=_extra(message, links),
    )
    return dated(document, parse_date(_header(message, "date")))


def split_mbox(raw: bytes) -> list[bytes]:
    """Return the messages of an mbox file."""
    parts = re.split(rb"^From \S+ [^\r\n]*\d{4}[^\r\n]*\r?\n", raw, flags=re.MULTILINE)
    return [part for part in parts if part.strip()]


def _unquoted_from(raw: bytes) -> bytes:
    """Drop an mbox separator line and the `>` before quoted ones."""
    raw = raw.lstrip()
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    return re.sub(rb"^>(>*From )", rb"\1", raw, flags=re.MULTILINE)


def _header(message: EmailMessage, name: str) -> str | None:
    """Return a header as one line; broken ones (the library raises on some) count as absent."""
    try:
        value = message.get(name)
    except Exception:
        return None
    return " ".join(clean(str(value)).split()) or None if value is not None else None


def _recipients(message: EmailMessage) -> set[str]:
    headers: list[str] = []
    for name in _RECIPIENTS:
        try:
            headers += [str(value) for value in message.get_all(name, [])]
        except Exception:
            continue
    found = getaddresses(headers)
    return {
        part for name, address in found for part in (address, name) if len(part) > 4 and ("@" in part or " " in part)
    }


def _bodies(message: EmailMessage) -> tuple[str | None, str | None]:
    """Return the HTML and the plain body; HTML in a message without a declared type is found too."""
    html, text = _part(message, "html"), _part(message, "plain")
    if html is None and text and re.search(r"<(?:html|body|table|div|p)\b", text[:2000], re.IGNORECASE):
        return text, None
    return html, text


def _part(message: EmailMessage, kind: str) -> str | None:
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_subtype() == kind and not part.is_attachment():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _decoded(content, part.get_content_charset()) or None
    return None


def _decoded(content: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8"):
        try:
            if name:
                return content.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("cp1252", "replace")


# --- text and links without traces -----------------------------------------------------------------------------------


def _body_text(text: str, private: set[str]) -> str:
    lines = [line for line in text.split("\n") if len(line) > 300 or not _HOUSEKEEPING.search(line)]
    lines = [line for line in lines if not _GREETING.match(_without(line, private))]
    kept = (_BARE_LINK.sub(_clean_link, line) if "http" in line else line for line in lines)
    return clean(_without("\n".join(kept), private))


_BARE_LINK = re.compile(r"https?://[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]")


def _clean_link(match: re.Match[str]) -> str:
    return shown_link(match[0]) or ""


def _without(text: str, private: set[str]) -> str:
    for word in sorted(private, key=len, reverse=True):
        text = re.sub(re.escape(word), "", text, flags=re.IGNORECASE)
    return text


def shown_link(url: str) -> str | None:
    """Return a link without tracking: the target where it stands inside, None for a mere redirector."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if re.search(r"unsub|opt-?out|preferences|profile\?|/manage", parts.path + "?" + parts.query, re.IGNORECASE):
        return None
    if not _TRACKER.search(host) and not _TRACK_PATH.search(f"{parts.path}?{parts.query}"):
        kept = [p for p in parts.query.split("&") if p.split("=")[0].lower() not in _RECIPIENT_PARAMETERS]
        return without_tracking(urlunsplit(parts._replace(query="&".join(kept))))
    for values in parse_qs(parts.query).values():
        if values[0].startswith(("http://", "https://")) and values[0] != url:
            return shown_link(values[0])
    return None


def _links(markup: str, private: set[str]) -> tuple[list[dict[str, str]], str | None]:
    """Return the newsletter's links with their words, and the address of its web version."""
    from bs4 import BeautifulSoup, SoupStrainer

    found: dict[str, dict[str, str]] = {}
    view = None
    for anchor in BeautifulSoup(_XML.sub("", markup), "lxml", parse_only=SoupStrainer("a")).select("a[href]"):
        url = absolute_url(str(anchor["href"]))
        words = _without(" ".join(clean(anchor.get_text(" ")).split())[:300], private)
        link = shown_link(url) if url and url.startswith("http") else None
        if link is None or any(p.lower() in link.lower() for p in private if "@" in p):
            continue
        if _BROWSER_VIEW.search(words):
            view = view or link
        elif not _HOUSEKEEPING.search(words):
            found.setdefault(link, {"url": link, "text": words})
    return list(found.values())[:_LINKS_LIMIT], view


def _plain_links(body: str) -> list[dict[str, str]]:
    urls = dict.fromkeys(m[0] for m in _BARE_LINK.finditer(body))
    return [{"url": url, "text": ""} for url in urls][:_LINKS_LIMIT]


def _extra(message: EmailMessage, links: list[dict[str, str]]) -> dict[str, Any]:
    extra: dict[str, Any] = {"links": links} if links else {}
    if list_id := line_of(re.sub(r"[<>]", "", _header(message, "list-id") or "")):
        extra["list"] = list_id
    if names := list(_attachments(message)):
        extra["attachments"] = names
    return extra


def _attachments(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        if part.is_attachment() and (name := line_of(part.get_filename())):
            yield name
