"""Sample items written in the formats that real sources use. Pure: items in, bytes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

Item = dict[str, Any]
SITE = "https://sample.example.org"


def link(source: str, item: Item) -> str:
    """The invented address of an item, stable from run to run."""
    return f"{SITE}/{source}/{item['date'][:10]}-{item['week']}"


def _moment(item: Item) -> datetime:
    return datetime.fromisoformat(item["date"])


def rss(source: str, name: str, items: Sequence[Item]) -> bytes:
    """RSS 2.0, newest first."""
    entries = "".join(
        f"<item><title>{escape(i['title'])}</title><link>{link(source, i)}</link>"
        f'<guid isPermaLink="false">{source}-{i["week"]}</guid>'
        f"<pubDate>{format_datetime(_moment(i))}</pubDate><description>{escape(escape(i['text']))}</description></item>"
        for i in reversed(items)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(name)}</title>'
        f"<link>{SITE}/{source}</link><description>Sample</description>{entries}</channel></rss>"
    ).encode()


def rdf(source: str, name: str, items: Sequence[Item]) -> bytes:
    """RSS 1.0 with Dublin Core dates."""
    entries = "".join(
        f'<item rdf:about="{link(source, i)}"><title>{escape(i["title"])}</title><link>{link(source, i)}</link>'
        f"<description>{escape(i['text'])}</description><dc:date>{i['date']}</dc:date></item>"
        for i in reversed(items)
    )
    listed = "".join(f'<rdf:li rdf:resource="{link(source, i)}"/>' for i in reversed(items))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{SITE}/{source}"><title>{escape(name)}</title><link>{SITE}/{source}</link>'
        f"<description>Sample</description><items><rdf:Seq>{listed}</rdf:Seq></items></channel>{entries}</rdf:RDF>"
    ).encode()


def atom(source: str, name: str, items: Sequence[Item]) -> bytes:
    """Atom 1.0 with HTML content."""
    entries = "".join(
        f"<entry><id>tag:sample.example.org,2026:{source}-{i['week']}</id><title>{escape(i['title'])}</title>"
        f'<link rel="alternate" href="{link(source, i)}"/><published>{i["date"]}</published>'
        f'<updated>{i["date"]}</updated><content type="html">{escape("<p>" + escape(i["text"]) + "</p>")}</content>'
        "</entry>"
        for i in reversed(items)
    )
    updated = items[-1]["date"] if items else "2026-09-01T00:00:00Z"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{escape(name)}</title>'
        f"<id>{SITE}/{source}</id><updated>{updated}</updated><author><name>{escape(name)}</name></author>"
        f"{entries}</feed>"
    ).encode()


def json_feed(source: str, name: str, items: Sequence[Item]) -> bytes:
    """JSON Feed 1.1."""
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": name,
            "home_page_url": f"{SITE}/{source}",
            "items": [
                {
                    "id": f"{source}-{i['week']}",
                    "url": link(source, i),
                    "title": i["title"],
                    "content_html": f"<p>{escape(i['text'])}</p>",
                    "date_published": i["date"],
                }
                for i in reversed(items)
            ],
        }
    ).encode()


def esearch(items: Sequence[Item]) -> bytes:
    """PubMed esearch answer: the identifiers, newest first."""
    ids = "".join(f"<Id>{i['pmid']}</Id>" for i in reversed(items))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><eSearchResult>'
        f"<Count>{len(items)}</Count><RetMax>{len(items)}</RetMax><RetStart>0</RetStart><IdList>{ids}</IdList>"
        "</eSearchResult>"
    ).encode()


def efetch(items: Sequence[Item]) -> bytes:
    """PubMed efetch answer."""
    records = "".join(_pubmed_article(i) for i in items)
    return f'<?xml version="1.0"?><PubmedArticleSet>{records}</PubmedArticleSet>'.encode()


def _pubmed_article(item: Item) -> str:
    year, month, day = item["date"].split("-")
    authors = "".join(
        '<Author ValidYN="Y"><LastName>{}</LastName><ForeName>{}</ForeName></Author>'.format(
            *map(escape, a.split(", "))
        )
        for a in item["authors"]
    )
    return (
        f'<PubmedArticle><MedlineCitation Status="PubMed-not-MEDLINE"><PMID Version="1">{item["pmid"]}</PMID>'
        f'<Article PubModel="Print-Electronic"><Journal><JournalIssue><PubDate><Year>{year}</Year></PubDate>'
        f"</JournalIssue><Title>{escape(item['journal'])}</Title></Journal>"
        f"<ArticleTitle>{escape(item['title'])}.</ArticleTitle>"
        f"<Abstract>{_abstract(item['text'])}</Abstract>"
        f"<AuthorList>{authors}</AuthorList><Language>eng</Language>"
        "<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList>"
        f'<ArticleDate DateType="Electronic"><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></ArticleDate>'
        "</Article></MedlineCitation><PubmedData><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{item["pmid"]}</ArticleId><ArticleId IdType="doi">{item["doi"]}</ArticleId>'
        "</ArticleIdList></PubmedData></PubmedArticle>"
    )


def _abstract(text: str) -> str:
    """Structured where the text has BACKGROUND: and the like, plain where it has not."""
    labels = ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
    if not text.startswith(labels[0]):
        return f"<AbstractText>{escape(text)}</AbstractText>"
    parts, rest = [], text
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        body = rest.removeprefix(f"{label}: ")
        body, _, rest = body.partition(f" {following}: ") if following else (body, "", "")
        parts.append(f'<AbstractText Label="{label}">{escape(body)}</AbstractText>')
    return "".join(parts)


def crossref(items: Sequence[Item]) -> bytes:
    """One page of Crossref's works, JATS abstracts and all."""
    works = [_work(i) for i in reversed(items)]
    return json.dumps(
        {
            "status": "ok",
            "message-type": "work-list",
            "message": {"total-results": len(works), "items": works, "next-cursor": "sample-end"},
        }
    ).encode()


def _work(item: Item) -> dict[str, Any]:
    parts = [int(p) for p in item["date"].split("-")]
    work: dict[str, Any] = {
        "DOI": item["doi"],
        "URL": f"https://doi.org/{item['doi']}",
        "type": "journal-article",
        "title": [item["title"]],
        "container-title": [item["journal"]],
        "publisher": "Sample Press",
        "language": "en",
        "author": [dict(zip(("family", "given"), a.split(", "), strict=True)) for a in item["authors"]],
        "abstract": f"<jats:title>Abstract</jats:title><jats:p>{escape(item['text'])}</jats:p>",
        "issued": {"date-parts": [parts]},
        "published": {"date-parts": [parts]},
    }
    if "update_to" in item:
        work["update-to"] = [{"DOI": item["update_to"], "type": item["update_type"], "label": "Erratum"}]
    return work


def federal_register(items: Sequence[Item]) -> bytes:
    """One page of the Federal Register's documents."""
    return json.dumps(
        {
            "count": len(items),
            "total_pages": 1,
            "results": [
                {
                    "document_number": i["number"],
                    "title": i["title"],
                    "type": i["kind"],
                    "abstract": i["text"],
                    "html_url": f"{SITE}/register/{i['number']}",
                    "publication_date": i["date"],
                    "agencies": [{"name": "Drug Enforcement Administration", "raw_name": "DEPARTMENT OF JUSTICE"}],
                }
                for i in reversed(items)
            ],
        }
    ).encode()


def listing(items: Sequence[Item]) -> bytes:
    """A health board's HTML page of notices."""
    rows = "".join(
        f'<article class="notice"><h2><a href="{link("board", i)}">{escape(i["title"])}</a></h2>'
        f'<p class="when">{datetime.fromisoformat(i["date"]):%d %B %Y}</p>'
        f'<p class="lead">{escape(i["text"])}</p></article>'
        for i in reversed(items)
    )
    head = "<!doctype html><html lang='en'><head><title>Notices</title></head>"
    return f"{head}<body><main>{rows}</main></body></html>".encode()


FEEDS: dict[str, tuple[str, Callable[[str, str, Sequence[Item]], bytes], str]] = {
    "alerts": ("National Drug Alert Centre (sample)", rss, "application/rss+xml"),
    "lab": ("Riverside Forensic Laboratory (sample)", atom, "application/atom+xml"),
    "checking": ("Open Door Drug Checking (sample)", json_feed, "application/feed+json"),
    "news": ("Evening Messenger (sample)", rdf, "application/rdf+xml"),
    "wire": ("Western Courier (sample)", rss, "application/rss+xml"),
    "presse": ("Presseschau (sample)", rss, "application/rss+xml"),
}
