"""What a forum thread links: the paper or alert that it talks about, recorded instead of who talks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tracker.sources._base import doi_of
from tracker.text.urls import absolute_url, canonical_url

_MOST = 20
_ADDRESS = re.compile(r"""https?://[^\s<>"'\])}]+""", re.IGNORECASE)
_PMID = re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)(\d{1,9})(?!\d)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>?#&]+")
# Pictures, films, shops' and people's pages: nothing that a document could be about.
_NO_DOCUMENT = re.compile(
    r"(?:^|\.)(?:redd\.it|reddit\.com|redditmedia\.com|imgur\.com|giphy\.com|youtube\.com|youtu\.be|discord\.(?:gg|com)|t\.me|"
    r"twitter\.com|x\.com|facebook\.com|instagram\.com|tiktok\.com|gravatar\.com)$"
)


def linked(markups: Iterable[str | None], own: Iterable[str | None]) -> tuple[str, ...]:
    """Return the papers and pages linked in the given markup, as `doi:…`, `pmid:…` or `url:…`, each once, in order.

    Left out: addresses of the forum's own site (the hosts of `own`), pictures, films and people's pages.
    """
    hosts = {_site(url) for url in own if url}
    found: dict[str, None] = {}
    for markup in markups:
        for match in _ADDRESS.finditer(html.unescape(markup or "")):
            url = absolute_url(match[0].rstrip(".,;:!?"))
            site = _site(url) if url else ""
            if url and "." in site and site not in hosts and not _NO_DOCUMENT.search(_host(url)):
                found.setdefault(_name(url))
    return tuple(found)[:_MOST]


def _name(url: str) -> str:
    if pmid := _PMID.search(url):
        return f"pmid:{pmid[1]}"
    doi = _DOI.search(url)
    if doi and (stated := doi_of(doi[0])):
        return f"doi:{stated.removesuffix('.pdf').removesuffix('/full').removesuffix('/abstract')}"
    return f"url:{canonical_url(url)}"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _site(url: str) -> str:
    """The last two labels of the host: forum.example.org and cdn.example.org are one site."""
    return ".".join(_host(url).split(".")[-2:])
