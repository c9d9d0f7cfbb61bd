"""WordPress REST: posts and custom types of many public bodies and NGOs (`…/wp-json/wp/v2/TYPE`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Kind,
    SearchOptions,
    claimed,
    dated,
    newest_first,
    options_of,
    read_json,
    stable_id,
    text_of,
    title_of,
)
from tracker.text.dates import ClaimedDate
from tracker.text.urls import absolute_url

_REFUSED = {"rest_forbidden", "rest_cannot_access", "rest_not_logged_in", "rest_disabled", "rest_login_required"}
_PAST_THE_END = {"rest_post_invalid_page_number", "rest_invalid_page_number"}
_TAXONOMY = re.compile(r"^([a-z]+(?:_[a-z]+)*?)(?:_taxonomy)?-(.+)$")
_NOT_TAXONOMIES = {"has", "post", "type", "status", "hentry", "format"}


class WordPressOptions(SearchOptions):
    """`date_field` is a dotted path to the date that the site shows (`acf.alert_publish_date`), before date_gmt."""

    date_field: str | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The newest posts of the window, page by page."""
    return (_request(source, window.since.strftime("%Y-%m-%dT%H:%M:%S"), 1),)


def _request(source: Source, since: str, page: int) -> Request:
    options = options_of(source, WordPressOptions)
    params = [
        ("per_page", str(min(options.page_size or 100, 100))),
        ("page", str(page)),
        ("orderby", "date"),
        ("order", "desc"),
    ]
    params += [("after", since)] if since else []
    params += [("search", options.query)] if options.query else []
    return Request(url=source.url, params=tuple(params), step="posts", state={"page": page, "since": since})


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the posts of one page; the header X-WP-TotalPages, else a full page, says whether another follows."""
    posts = read_json(source, payload, "a list of posts")
    if isinstance(posts, dict) and "code" in posts:
        return _refusal(posts, source)
    if isinstance(posts, dict) and ("id" in posts or "title" in posts):
        posts = [posts]
    if not isinstance(posts, list):
        raise ParseError(f"{source.id}: a list of posts was due, found a JSON {type(posts).__name__}")
    options = options_of(source, WordPressOptions)
    base = payload.url or source.url
    found = [_document(post, options, source, base) for post in posts if isinstance(post, dict)]
    kept, cut = newest_first([d for d in found if d is not None], source.max_items)
    total = payload.headers.get("x-wp-total", "")
    return Page(
        documents=kept,
        next=_next(source, options, payload, request, len(posts)),
        total=int(total) if total.isdigit() else None,
        problems=cut,
    )


def _refusal(answer: Mapping[str, Any], source: Source) -> Page:
    code = str(answer.get("code"))
    if code in _PAST_THE_END:
        return Page()
    if code in _REFUSED:
        raise BlockedError(f"{source.id}: the site refuses its REST interface: {code}")
    raise ParseError(
        f"{source.id}: a list of posts was due, found the error {code}: {title_of(str(answer.get('message')))}"
    )


def _next(
    source: Source, options: WordPressOptions, payload: Payload, request: Request, count: int
) -> tuple[Request, ...]:
    if request.step != "posts":
        return ()
    page = int(request.state.get("page", 1))
    pages = payload.headers.get("x-wp-totalpages", "")
    size = min(options.page_size or 100, 100)
    more = page < int(pages) if pages.isdigit() else count >= size
    if not more or (options.max_pages and page >= options.max_pages):
        return ()
    return (_request(source, str(request.state.get("since", "")), page + 1),)


def _rendered(post: Mapping[str, Any], key: str) -> str | None:
    value = post.get(key)
    value = value.get("rendered") if isinstance(value, dict) else value
    return value if isinstance(value, str) and value.strip() else None


def _document(post: Mapping[str, Any], options: WordPressOptions, source: Source, base: str) -> Document | None:
    url = absolute_url(post.get("link") if isinstance(post.get("link"), str) else None, base)
    title = title_of(_rendered(post, "title"))
    text, summary = text_of(_rendered(post, "content")), text_of(_rendered(post, "excerpt"))
    stated = post.get("id")
    if not (url or title or text or summary):
        return None
    fields = _fields(post.get("acf"))
    text = text or "\n".join(fields.values()) or None
    document = Document(
        external_id=str(stated) if isinstance(stated, (int, str)) and stated != "" else url or stable_id(title, text),
        url=url,
        title=title,
        text=text or summary,
        summary=summary if text else None,
        authors=_authors(post),
        publisher=source.publisher,
        language=source.language,
        extra=_extra(post, fields),
    )
    return dated(document, _published(post, options), claimed(post.get("modified_gmt")))


def _published(post: Mapping[str, Any], options: WordPressOptions) -> ClaimedDate | None:
    """The site's own date field, date_gmt, or the day of `date`, which is local time without an offset."""
    if options.date_field:
        value: Any = post
        for part in options.date_field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if found := claimed(value):
            return found
    local = post.get("date")
    return claimed(post.get("date_gmt")) or (claimed(local[:10]) if isinstance(local, str) else None)


def _authors(post: Mapping[str, Any]) -> tuple[str, ...]:
    embedded = post.get("_embedded")
    authors = embedded.get("author") if isinstance(embedded, dict) else None
    names = [title_of(a.get("name")) for a in authors if isinstance(a, dict)] if isinstance(authors, list) else []
    return tuple(name for name in names if name)


def _fields(acf: object) -> dict[str, str]:
    """Return the custom fields that hold words, as plain text."""
    if not isinstance(acf, dict):
        return {}
    found = {str(k): text_of(v) for k, v in acf.items() if isinstance(v, str)}
    return {k: v for k, v in found.items() if v}


def _extra(post: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    classes = post.get("class_list")
    slugs = classes.values() if isinstance(classes, dict) else classes if isinstance(classes, list) else ()
    for slug in slugs:
        match = _TAXONOMY.match(str(slug))
        if match and match[1] not in _NOT_TAXONOMIES:
            groups.setdefault(match[1], []).append(match[2])
    if groups:
        extra["taxonomies"] = groups
    short = {k: v for k, v in fields.items() if len(v) <= 300}
    if short:
        extra["fields"] = short
    return extra


KIND = Kind(name="wordpress", options=WordPressOptions, first=first, read=read, robots=True, file_step="file")
