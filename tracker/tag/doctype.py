"""What kind of document it is: the address, the title and the wording together, weighed by a small fitted model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from tracker.model import DocType
from tracker.tag import cues, linear

if TYPE_CHECKING:
    from tracker.tag.view import View

DOCTYPES: tuple[DocType, ...] = get_args(DocType)
# What the operator declares for a source holds unless the text clearly says otherwise: a prior in units of the score.
_DECLARED = 2.5
_READ = 3_000  # characters whose plain words are weighed (measured: 0.855 -> 0.862)
_WORD = re.compile(r"[^\W\d_]{2,}")


def classify(view: View) -> DocType:
    """The document's type; `source_type`, where given, is a strong prior and not more. A text that is like nothing in
    particular (`other`) does not speak against it."""
    model = linear.model("doctype")
    scores = dict(zip(model.labels, model.scores(features(view)), strict=True))
    if view.source_type in scores:
        scores[view.source_type] += _DECLARED
    best = max(DOCTYPES, key=lambda label: scores[label])
    return view.source_type if best == "other" and view.source_type in scores else best  # type: ignore[return-value]


def features(view: View) -> dict[str, float]:
    """The numbers that the model weighs, by name."""
    c = cues.of(view)
    out = {f"text:{name}": linear.squash(n) / 2 for name, n in c.text.items()}
    out.update((f"title:{name}", 1.0) for name in c.title)
    # The address says most; its marks weigh double against the penalty on large weights (measured: 0.85 -> 0.87).
    out.update((f"address:{name}", 2.0) for name in c.address)
    out.update((f"layout:{name}", value) for name, value in c.layout.items())
    out.update((f"t={word}", 0.5) for word in c.title_words)
    out.update((f"u={word}", 0.4) for word in c.address_words)
    out.update((f"w={word}", 0.2) for word in set(_WORD.findall(view.text[:_READ].lower())))
    if view.language not in ("en", None):
        out["not English"] = 1.0
    if not view.hits:
        out["no substance"] = 1.0
    if any(hit.nps for hit in view.hits):
        out["NPS named"] = 1.0
    return out
