"""What kind of document it is: the address, the title and the wording together, weighed by a small fitted model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from tracker.model import DocType
from tracker.tag import cues, hosts, linear
from tracker.tag.lazy import LazyPattern
from tracker.tag.lookup import READ, folded, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from tracker.tag.view import View

DOCTYPES: tuple[DocType, ...] = get_args(DocType)
# What the operator declares for a source holds unless the text clearly says otherwise: a prior in units of the score.
_DECLARED = 4.0
_READ = 3_000  # characters whose plain words are weighed (measured: 0.855 -> 0.862)
_FIRST = 300  # characters that open a text: their words weigh once more (measured: 0.828 -> 0.836)
_WORDS = ("w=", "f=")  # prefixes of words as they stand, among them such as are none


# A shop's own words. Two different ones where a substance is named are an offer, whatever else the page is like: what
# sells is never quoted or linked, so this is no matter of weighing.
_OFFER = re.compile(
    r"\b(add to (?:cart|basket)|(?:free|discreet|stealth|fast|worldwide|overnight) (?:shipping|delivery|packaging)|"
    r"(?:order|buy|shop) now|(?:order|buy) [\w-]{3,40} (?:crystals |pellets |powder |pills )?online|"
    r"(?:we|ships?) (?:ship )?(?:worldwide|discreetly)|our best ?sellers?|not for human consumption|"
    r"in den warenkorb|jetzt (?:kaufen|bestellen)|diskreter? versand|ajouter au panier|livraison discrète|"
    r"añadir al carrito|envío discreto)\b"
)
_OFFICIAL = ("official_alert", "legal_notice", "journal_article")  # may tell what shops say


def _is_offer(view: View) -> bool:
    if not view.hits or view.source_type in _OFFICIAL:
        return False
    c = cues.of(view)
    if "sales" not in c.text and "sales" not in c.title:
        return False
    told = f"{view.title}\n{view.text[:_READ]}".lower()
    return len({m[1].split()[0] for m in _OFFER.finditer(told)}) >= 2


# A seller of treatment asks to be called, at the top of the page or at its end, and gives a number of its own.
_CALL = LazyPattern(
    r"\b(?:get help (?:now|today)|call (?:us|our|now|today)\b|(?:speak|talk) (?:to|with) (?:an? |our |one of our )"
    r"(?:\w+ )?(?:specialist|advisor|expert|counselor|team)|(?:verify|check) (?:your )?insurance|our admissions)"
    r"[^\n]{0,80}?(?<![\d-])(?:1[-. ])?\(?8(?:00|33|44|55|66|77|88)\)?[-. ] ?(?!222-1222|662-4357)\d{3}[-. ]\d{4}\b",
    re.IGNORECASE,
)
_TREATS = LazyPattern(r"(?i)\b(?:detox|rehab|treatment|recovery|addiction|sobriety)")
_END = 1_500  # characters of a text's end where such calls stand


def _is_call(view: View) -> bool:
    if view.source_type in _OFFICIAL or "government" in _site(view).kinds:
        return False
    parts = (view.text,) if len(view.text) <= _READ else (view.text[:_READ], view.text[-_END:])
    return any(cues.PHONE.search(part) and _TREATS.search(part) and _CALL.search(part) for part in parts)


def classify(view: View) -> DocType:
    """The document's type; `source_type`, where given, is a strong prior and not more. A text that is like nothing in
    particular (`other`) does not speak against it."""
    if _is_offer(view) or _is_call(view):
        return "marketing"
    model = linear.model("doctype")
    scores = dict(zip(model.labels, model.total(_measured(view), _present(view)), strict=True))
    if view.source_type in scores:
        scores[view.source_type] += _DECLARED
    best = max(DOCTYPES, key=lambda label: scores[label])
    if best == "marketing" and view.source_type in _OFFICIAL:
        return view.source_type  # type: ignore[return-value]
    return view.source_type if best == "other" and view.source_type in scores else best  # type: ignore[return-value]


def features(view: View) -> dict[str, float]:
    """The numbers that the model weighs, by name."""
    out = _measured(view)
    for prefix, value, names in _present(view):
        word = prefix in _WORDS
        out.update((prefix + name, value) for name in names if not word or (len(name) > 1 and name.isalpha()))
    return out


def _measured(view: View) -> dict[str, float]:
    """Features that are more or less."""
    c = cues.of(view)
    out = {f"text:{name}": linear.squash(n) / 2 for name, n in c.text.items()}
    for name, value in c.layout.items():
        out[f"layout:{name}"] = value
    for name, value in _site(view).shape.items():
        out[f"shape:{name}"] = value
    if view.language not in ("en", None):
        out["not English"] = 1.0
    if not view.hits:
        out["no substance"] = 1.0
    if any(hit.nps for hit in view.hits):
        out["NPS named"] = 1.0
    return out


def _present(view: View) -> Iterator[tuple[str, float, Set[str]]]:
    """Features that are there or not: prefix of their names, their value, and the rest of the names of those there."""
    c, site = cues.of(view), _site(view)
    yield "title:", 1.0, c.title.keys()
    # The address says most; its marks weigh double against the penalty on large weights (measured: 0.85 -> 0.87).
    yield "address:", 2.0, c.address
    yield "known:", 1.0, site.kinds
    yield "host:", 1.0, site.words
    yield "t=", 0.5, c.title_words
    yield "u=", 0.4, c.address_words
    yield "w=", 0.2, runs(view.text[:_READ])
    yield "f=", 0.3, set(folded(view.text[:READ])[: _FIRST + 1].split())


def _site(view: View) -> hosts.Site:
    return hosts.site(view.url) if view.url else hosts.NOWHERE
