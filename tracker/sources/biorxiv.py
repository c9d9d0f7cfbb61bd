"""bioRxiv and medRxiv: all preprints of the days asked for (there is no search), one document a DOI.

A revision keeps its document: of several versions the highest is read, dated by the first. What is relevant is decided
by the tagger, or beforehand by `categories`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pydantic import Field

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import each, mapping, number_of, read_listed, text_list, walked, with_type, without_empty
from tracker.sources._base import Kind, claimed, doi_of, line_of, options_of, title_of
from tracker.sources._base import Options as BaseOptions
from tracker.sources._editorial import status_of
from tracker.sources._walk import Walk, begin
from tracker.text.markup import plain

_HEADINGS = (
    "Background and Objectives?|Background|Introduction|Importance|Rationale|Context|Objectives?|Aims?|Purpose|"
    "Study Design|Design|Setting|Participants|Patients|Interventions?|Exposures?|Materials and Methods|"
    "Methods and Findings|Methods?|Methodology|Main Outcomes? and Measures|Main Outcome Measures?|Measurements|"
    "Main Results|Results|Findings|Discussion|Interpretation|Conclusions? and Relevance|Conclusions?|Significance|"
    "Limitations|Funding|Highlights|Trial Registration|Clinical Perspective|Summary|Abstract"
)
_FUSED_HEAD = re.compile(rf"^(?P<head>{_HEADINGS})(?=[A-Z][a-z ]|We |[0-9])", re.MULTILINE)
_STAGE = re.compile(r"[OC]_(?:ST_ABS|LI|SCPLOW|SCPCAP|QD|FIG|TBL|FD|BLOCKFIG|TEXTBOX|REF_FIG|CAPS|INLINEFIG|MML)")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "micro": "µ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Omega": "Ω", "Sigma": "Σ",
    "degrees": "°", "deg": "°", "plusmn": "±", "+/-": "±", "+-": "±", "times": "×", "ge": "≥", "le": "≤",
    "approx": "≈", "sim": "∼", "prime": "′", "middle dot": "·", "bullet": "•", "infty": "∞",
}  # fmt: skip
_LIMIT = 200_000  # characters; no abstract has more
_BRACED = re.compile(r"\{([A-Za-z+/ -]{1,12})\}")


class Options(BaseOptions):
    """`categories`: keep only these subject areas (as the server writes them); all when empty."""

    categories: tuple[str, ...] = ()
    max_pages: int | None = Field(default=None, ge=1)


def first(source: Source, window: Window) -> Sequence[Request]:
    """The first page of the days asked for."""
    return [_ask(source, walk) for walk in begin(window)]


def _ask(source: Source, walk: Walk) -> Request:
    url = f"{source.url.rstrip('/')}/{walk.since:%Y-%m-%d}/{walk.until:%Y-%m-%d}/{walk.pos or '0'}/json"
    return Request(url, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page; its length is the server's choice (30 or 100), so the next begins after what came."""
    listed = read_listed(source, payload, "bioRxiv/medRxiv JSON", "collection")
    message = mapping(next(iter(text_list(listed.data.get("messages"))), None))
    status = str(message.get("status", "ok"))
    if not listed.items and status.lower() not in ("ok", "no posts found") and "no posts" not in status.lower():
        raise ParseError(f"{source.id}: the server answered: {status[:200]}")
    total = number_of(message.get("total"))
    options = options_of(source, Options)
    wanted = {c.casefold() for c in options.categories}
    items = [i for i in listed.items if not wanted or str(i.get("category", "")).casefold() in wanted]
    documents, problems = each(source, _latest(items), _document, "preprint")
    done = (number_of(message.get("cursor")) or 0) + len(listed.items)
    more = bool(listed.items) and total is not None and done < total
    return walked(
        request, documents, lambda walk: _ask(source, walk), got=len(listed.items), pos=str(done) if more else None,
        total=total, max_pages=options.max_pages, problems=problems,
        complete=listed.complete,
    )  # fmt: skip


def _version(item: dict[str, Any]) -> int:
    return number_of(item.get("version")) or 1


def _latest(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One item a DOI, in the order of first appearance: the highest version, with the date of version 1 if known."""
    order = {str(item.get("doi")).lower(): place for place, item in reversed(list(enumerate(items)))}
    ranked = sorted(items, key=lambda i: (order[str(i.get("doi")).lower()], _version(i)))
    latest = []
    for _, group in groupby(ranked, key=lambda i: str(i.get("doi")).lower()):
        versions = list(group)
        first_date = next((i.get("date") for i in versions if _version(i) == 1), None)
        latest.append({**versions[-1], "first_date": first_date})
    return latest


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    doi, title = doi_of(item.get("doi")), title_of(_residues(str(item.get("title") or "")))
    if not doi and not title:
        return None
    version = _version(item)
    posted, first_posted = claimed(item.get("date")), claimed(item.get("first_date"))
    server = (line_of(item.get("server")) or ("medrxiv" if "medrxiv" in source.url else "biorxiv")).lower()
    text = readable(str(item.get("abstract") or ""))
    appeared = line_of(item.get("published"))
    return with_type(
        Document(
            external_id=doi or title or "",
            url=f"https://www.{server}.org/content/{doi}v{version}" if doi else None,
            title=title,
            text=text,
            authors=tuple(a for part in str(item.get("authors") or "").split(";") if (a := line_of(part))),
            publisher={"medrxiv": "medRxiv", "biorxiv": "bioRxiv"}.get(server, server),
            published=first_posted.value if first_posted else None,
            precision=first_posted.precision if first_posted else None,
            updated=posted.value if posted and version > 1 else None,
            language="en",
            doi=doi,
            pub_types=("preprint",),
            editorial_status=_standing(item, title, text),
            extra=without_empty(
                {
                    "preprint": True,
                    "version": version,
                    "category": line_of(item.get("category")),
                    "license": line_of(item.get("license")),
                    "published_in": f"doi:{d}" if appeared != "NA" and (d := doi_of(appeared)) else None,
                }
            ),
        ),
        source,
        "journal_article",
    )


def _standing(item: dict[str, Any], title: str | None, text: str | None) -> Any:
    """Withdrawn preprints show in their type, title or abstract only."""
    gone = re.compile(r"(?:this|the) (?:manuscript|preprint|article|paper) (?:has been|was|is) withdrawn", re.I)
    if "withdraw" in str(item.get("type", "")).lower() or (text and gone.search(text[:400])):
        return "retracted"
    if text and re.match(r"withdrawn\b", text, re.IGNORECASE):
        return "retracted"
    return status_of((), (), title)


def _residues(text: str) -> str:
    """The marks that HighWire's export leaves in titles and abstracts, taken out or turned into what they meant."""
    text = re.sub(r"\s{0,9}O_ST_ABS(.{0,300}?)C_ST_ABS\s{0,9}", r"\n\1\n", text, flags=re.DOTALL)
    text = re.sub(r"\s{0,9}O_LI\s{0,9}", "\n", text)
    text = re.sub(r"\s{0,9}C_LI\s{0,9}", "\n", text)
    text = _STAGE.sub("", text)
    return _BRACED.sub(lambda m: _GREEK.get(m[1], m[0]), text)


def readable(abstract: str) -> str | None:
    """Return an abstract without HighWire's residues, its fused headings ("BackgroundThe ...") set apart."""
    abstract = abstract[:_LIMIT]
    text = plain(_residues(abstract).replace("\n", "<br/>") if "<" in abstract else _residues(abstract))
    text = _FUSED_HEAD.sub(r"\g<head>: ", text)
    lines = [line for line in text.split("\n") if line and line.lower() not in ("abstract", "summary")]
    return "\n".join(lines) or None


KIND = Kind(name="biorxiv", options=Options, first=first, read=read, file_step="page")
