"""Which substances a document is about (primary), and which it only names beside them (incidental).

Position, frequency and newness speak for primary; "sold as", "stronger than", "such as" before every mention speak for
incidental. A small fitted model weighs them; a document that names one substance is about it unless it is a comparison.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tracker.tag import linear

if TYPE_CHECKING:
    from tracker.model import Mention, Role
    from tracker.tag.view import Hit, View

_AROUND = 48  # characters before and after a mention in which a cue counts
_COMPARED = re.compile(
    r"(?i)(?:stronger|potent|potency|strength|powerful|times|compared (?:to|with)|similar(?:ly)? (?:to|in)|like|than|unlike"
    r"|resembl\w+|related to|structur\w+ (?:to|of)|analog(?:ue)?s? of|derivatives? of|relatives? of|copy|copies|mimic\w*"
    r"|imitat\w+|alternatives? to|instead of|replac\w+|substitut\w+ for|stand-?in for|acts? like|equivalent|stärker als|wie"
    r"|plus forts? que|comme|más (?:fuerte|potente)s? que|que la|que el|come|sterker dan|starkare än|stærkere end|silniejsz\w+"
    r"|sterkt som|stærke som|vahvemp\w+|silnější|чем|как|liknar|parecid\w+|semelhante)\W+(?:\w+\W+){0,4}$"
)
_SOLD_AS = re.compile(
    r"(?i)(?:sold as|bought as|passed (?:off )?(?:as|for)|thought (?:to be|it was|was)|believed (?:to be|was)|expected|presumed"
    r"|mistaken for|purported|supposed|labell?ed|misrepresented as|posing as|look(?:s|ing|ed)? like|fake|counterfeit|bogus"
    r"|genuine|real|street|als|vendu[es]* comme|vendid[oa]s? como|vendut[oaie] come|verkocht als|såld\w* som|solgt som"
    r"|sprzedawan\w+ jako|gefälschte\w*|fausses?|falsos?|falsas?|falsi|falske|falska|valse|väären\w+|fałszyw\w+)\W+(?:\w+\W+){0,2}$"
)
_BESIDE = re.compile(
    r"(?i)(?:such as|including|e\.g\.|for example|for instance|together with|along with|alongside|in combination with|mixed with"
    r"|combined with|other drugs|besides|with|treated with|received|given|und|et|y|e|en|och|og|oraz|i|and|or|,)\W+(?:\w+\W+){0,2}$"
)
_AFTER = re.compile(
    r"(?i)^\W*(?:\w+\W+){0,3}?(?:alone|was (?:found|detected|confirmed|identified)|were (?:found|detected|confirmed|identified)"
    r"|has been|is an?\b|is a \w+|detected|found|confirmed|belongs|poisoning|intoxication|overdoses?|deaths?|use|exposure)"
)


def assign(view: View, mentions: Sequence[Mention]) -> dict[str, Role]:
    """The role of each reported substance of `view`; `mentions` is parallel to `view.hits`."""
    model = linear.model("roles")
    return {name: "primary" if model.scores(f)[0] > 0 else "incidental" for name, f in features(view).items()}


def features(view: View) -> dict[str, dict[str, float]]:
    """For each reported substance the numbers that the model weighs."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in view.hits:
        if hit.reported:
            groups[hit.name].append(hit)
    most = max((len(hits) for hits in groups.values()), default=1)
    newest = any(hits[0].nps for hits in groups.values())
    titled = any(h.field == "title" for hits in groups.values() for h in hits)
    order = {name: i for i, name in enumerate(groups)}
    return {
        name: dict(_of_one(view, hits, most, newest, titled, order[name], len(groups))) for name, hits in groups.items()
    }


def _of_one(
    view: View, hits: Sequence[Hit], most: int, newest: bool, titled: bool, order: int, many: int
) -> Iterator[tuple[str, float]]:
    first = hits[0]
    yield "nps", float(first.nps)
    yield "medicine beside new ones", float(newest and not first.nps)
    yield "in title", float(first.field == "title")
    yield "another in title", float(titled and first.field != "title")
    yield "share", len(hits) / most
    yield "mentions", linear.squash(len(hits))
    yield "order", linear.squash(order)
    yield "rivals", linear.squash(many - 1)
    yield "alone", float(many == 1)
    yield "class " + first.cls, 1.0
    yield "marker", float(all(h.marker for h in hits))
    texted = [h for h in hits if h.field == "text"]
    if texted:
        yield "first", 1.0 - texted[0].start / (len(view.text) or 1)
    seen = [_cues(view, h) for h in hits]
    for name in ("compared", "sold as", "beside", "after"):
        share = sum(name in s for s in seen) / len(seen)
        if share:
            yield name, share
            if share == 1:
                yield f"always {name}", 1.0


def _cues(view: View, hit: Hit) -> set[str]:
    content = view.title if hit.field == "title" else view.text
    before = content[max(0, hit.start - _AROUND) : hit.start].rsplit(". ", 1)[-1].rsplit("\n", 1)[-1]
    after = content[hit.end : hit.end + _AROUND].split("\n", 1)[0]
    out = {
        name
        for name, pattern in (("compared", _COMPARED), ("sold as", _SOLD_AS), ("beside", _BESIDE))
        if pattern.search(before)
    }
    if _AFTER.match(after):
        out.add("after")
    return out
