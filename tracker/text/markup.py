"""Markup out: HTML, JATS and MathML to plain text with its paragraphs.

Blocks and list items become lines, inline elements vanish without leaving a space (`<i>N</i>-ethyl` is one word),
scripts, styles and comments are dropped, entities are resolved (once more where a whole text was escaped twice).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracker.text.chars import clean, unbreak

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]*|!--|!\[CDATA\[|!DOCTYPE|\?[a-z])", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ESCAPED = re.compile(r"&lt;(?:/[a-z]|br\b|p\b|jats:)", re.IGNORECASE)  # markup escaped once too often …
_ESCAPED_OFTEN = 4  # … when there is so much of it; less is text about markup
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_INLINE = re.compile(r"</?(?:a|b|i|em|strong|span|sub|sup|u|font|small)\b[^<>]*>", re.IGNORECASE)
_TAG_WHOLE = re.compile(r"</?[A-Za-z!?][^<>]*>")
_DEEP = 100_000  # angle brackets; beyond, no tree is built
_RAW = re.compile(r"</?(?:iframe|noembed|noframes|xmp|plaintext|textarea)\b[^>]*>", re.IGNORECASE)  # text follows
_STRAY = re.compile(r"<(?![A-Za-z/]|!--|!DOCTYPE|\?[a-z])", re.IGNORECASE)
_DROP = frozenset("script style noscript template head annotation annotation-xml".split())
_PARAGRAPH = frozenset(
    "p div section article header footer aside main nav h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre figure hr form "
    "fieldset address details abstract sec body title list caption figcaption "
    "summary disp-quote disp-formula fig table-wrap".split()
)
_LINE = frozenset("br li dt dd tr option list-item".split())
_SIGNS = {"mfrac": "/", "msup": "^", "mroot": "√"}
_CELL = frozenset("td th".split())
_WHITE = re.compile(r"[ \t\r\n\f]+")
_CODE = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)


def plain(markup: str) -> str:
    """Return the readable text of `markup` (HTML, XHTML, JATS, MathML, or text without any), cleaned.

    Text that has no markup only has its entities resolved; a lone `<` or `&` is text.
    """
    if "<" not in markup:
        if "&" not in markup:
            return clean(markup)
        if len(_ESCAPED.findall(markup)) < _ESCAPED_OFTEN:
            return clean(_entities(markup))
        markup = html.unescape(markup)
    if not _TAG.search(markup):
        return clean(_entities(markup))
    if markup.count("<") > _DEEP:
        return _cut_out(markup)
    return clean("".join(_joined(_tree(markup)))) or _cut_out(markup)  # the tree ends where nesting is too deep


def _cut_out(markup: str) -> str:
    """Return the text between the tags of very large markup, without building its tree."""
    text = _SCRIPT.sub("", _CODE.sub("", markup))
    return clean(_entities(_TAG_WHOLE.sub("\n", _INLINE.sub("", text))))


def _entities(s: str) -> str:
    return _ENTITY.sub(lambda m: html.unescape(m[0]), s)


def _tree(markup: str) -> HtmlElement:
    import lxml.html

    text = markup.replace("\x00", "")
    if "<!" in text:
        text = _CDATA.sub(lambda m: html.escape(m[1]) if _TAG.search(m[1]) is None else m[1], text)
        text = _CODE.sub("", text)
    text = _STRAY.sub("&lt;", _RAW.sub("", text))
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    return lxml.html.document_fromstring(
        b"<html><body><div>" + text.encode("utf-8", "replace") + b"</div></body></html>", parser=parser
    )


def _name(element: HtmlElement) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1].rsplit(":", 1)[-1].lower() if isinstance(tag, str) else ""


def _joined(root: HtmlElement) -> Iterator[str]:
    """Walk without recursion (depth is the sender's choice) and yield text with line breaks for blocks."""
    import lxml.etree

    pre = dropped = 0
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        name = _name(element)
        if event == "start":
            if name in _DROP:
                dropped += 1
            if name == "pre":
                pre += 1
            if not dropped:
                yield _break(element, name, opening=True)
                yield _flow(element.text, pre)
        else:
            if not dropped:
                yield _break(element, name, opening=False)
            dropped -= name in _DROP
            pre -= name == "pre"
            if not dropped:
                yield _flow(element.tail, pre)


def _flow(text: str | None, pre: int) -> str:
    if not text:
        return ""
    if pre or not ("\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text):
        return text
    return _WHITE.sub(" ", unbreak(text))


def _break(element: HtmlElement, name: str, *, opening: bool) -> str:
    if name in _PARAGRAPH:
        return "\n\n"
    if name in _LINE:
        return "\n" if opening else ""
    if name in _CELL:
        return " " if opening else ""
    return _math(element) if opening else ""


def _math(element: HtmlElement) -> str:
    """Return the sign that stands before the second part of a fraction or power, which MathML shows by place only."""
    parent = element.getparent()
    sign = _SIGNS.get(_name(parent)) if parent is not None else None
    return sign if sign and len(parent) > 1 and parent[1] is element else ""
