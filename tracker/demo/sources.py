"""The sample's entries, as they would stand in a `sources.yaml`."""

from __future__ import annotations

from tracker.demo.formats import FEEDS
from tracker.model import Source

_WEEK = 7 * 86400


def sample_sources(site: str) -> list[Source]:
    """The ten sources of the sample, served at `site` (no trailing slash)."""

    def feed(name: str, **more: object) -> Source:
        title = FEEDS[name][0]
        return Source(id=f"sample_{name}", kind="feed", url=f"{site}/{name}", name=title, publisher=title,
                      every=_WEEK, **more)  # type: ignore[arg-type]  # fmt: skip

    return [
        feed("alerts", country="GB", type="official_alert", tier="A", keep="all", language="en"),
        feed("lab", country="US", type="report", tier="A", keep="all", language="en"),
        feed("checking", country="CA", type="report", tier="B", language="en"),
        feed("news", country="GB", type="news", tier="B", language="en"),
        feed("wire", country="GB", type="news", tier="B", language="en"),
        feed("presse", type="news", tier="B"),
        Source(id="sample_pubmed", kind="pubmed", url=f"{site}/pubmed/esearch.fcgi", name="Sample bibliography",
               publisher="Sample bibliography", type="journal_article", tier="A", language="en", every=_WEEK,
               options={"query": "bromazolam OR nitazene"}),
        Source(id="sample_crossref", kind="crossref", url=f"{site}/crossref/works", name="Sample registry of DOIs",
               publisher="Sample registry", type="journal_article", tier="A", language="en", every=_WEEK,
               options={"query": "designer benzodiazepines"}),
        Source(id="sample_register", kind="federal_register", url=f"{site}/register/documents.json",
               name="Sample register", publisher="Sample register", country="US", type="legal_notice", tier="A",
               keep="all", language="en", every=_WEEK),
        Source(id="sample_board", kind="listing", url=f"{site}/board", name="Western Health Board (sample)",
               publisher="Western Health Board (sample)", country="IE", type="official_alert", tier="A", keep="all",
               language="en", every=_WEEK,
               options={"item": "article.notice", "title": "h2 a", "link": "h2 a", "date": ".when", "text": ".lead",
                        "date_format": "%d %B %Y"}),
    ]  # fmt: skip
