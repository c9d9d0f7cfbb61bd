"""What kind of document it is: the address, the title and the wording together, weighed by a small fitted model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from tracker.model import DocType
from tracker.tag import cues, linear
from tracker.tag.lookup import runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from tracker.tag.view import View

DOCTYPES: tuple[DocType, ...] = get_args(DocType)
# What the operator declares for a source holds unless the text clearly says otherwise: a prior in units of the score.
_DECLARED = 4.0
_READ = 3_000  # characters whose plain words are weighed (measured: 0.855 -> 0.862)


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


def classify(view: View) -> DocType:
    """The document's type; `source_type`, where given, is a strong prior and not more. A text that is like nothing in
    particular (`other`) does not speak against it."""
    scores = dict(zip(linear.model("doctype").labels, _scores(view), strict=True))
    if view.source_type in scores:
        scores[view.source_type] += _DECLARED
    if _is_offer(view):
        return "marketing"
    best = max(DOCTYPES, key=lambda label: scores[label])
    return view.source_type if best == "other" and view.source_type in scores else best  # type: ignore[return-value]


def _scores(view: View) -> list[float]:
    """The scores of `features`, without naming those that the model does not know: most words are such."""
    model = linear.model("doctype")
    scores = model.scores(_measured(view))
    for prefix, value, names in _present(view):
        known = model.under(prefix)
        rows = [known[name] for name in known.keys() & names]
        if rows:
            scores = [score + value * sum(col) for score, col in zip(scores, zip(*rows, strict=True), strict=True)]
    return scores


def features(view: View) -> dict[str, float]:
    """The numbers that the model weighs, by name."""
    out = _measured(view)
    for prefix, value, names in _present(view):
        out.update((prefix + name, value) for name in names if prefix != "w=" or (len(name) > 1 and name.isalpha()))
    return out


def _measured(view: View) -> dict[str, float]:
    """Features that are more or less."""
    c = cues.of(view)
    out = {f"text:{name}": linear.squash(n) / 2 for name, n in c.text.items()}
    out.update([(f"layout:{name}", value) for name, value in c.layout.items()])
    if view.language not in ("en", None):
        out["not English"] = 1.0
    if not view.hits:
        out["no substance"] = 1.0
    if any(hit.nps for hit in view.hits):
        out["NPS named"] = 1.0
    return out


def _present(view: View) -> Iterator[tuple[str, float, Set[str]]]:
    """Features that are there or not: prefix of their names, their value, and the rest of the names of those there."""
    c = cues.of(view)
    yield "title:", 1.0, c.title.keys()
    # The address says most; its marks weigh double against the penalty on large weights (measured: 0.85 -> 0.87).
    yield "address:", 2.0, c.address
    yield "t=", 0.5, c.title_words
    yield "u=", 0.4, c.address_words
    yield "w=", 0.2, runs(view.text[:_READ])
