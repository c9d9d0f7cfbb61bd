"""Which substances a document is about (primary), and which it only names beside them (incidental).

Position, frequency and newness speak for primary; "sold as", "stronger than", "such as" before every mention speak for
incidental (`data/facts/role_cues.csv`). A small fitted model weighs them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from tracker.tag import linear
from tracker.tag.lookup import Found, SharedTable, checked, rows, shared

if TYPE_CHECKING:
    from tracker.model import Field, Mention, Role
    from tracker.tag.view import Hit, View

# How many characters may stand between a cue and the name it bears on.
_REACH = {"compared": 30, "sold as": 18, "beside": 4, "after": 16}
_WIDEST = max(_REACH.values())
_READ = 20_000  # characters in which cues are looked for; later mentions count without them
_END = itemgetter(1)  # of what was found
_NOTHING: frozenset[str] = frozenset()
_Cues = Sequence[Found[str]]


def assign(view: View, mentions: Sequence[Mention]) -> dict[str, Role]:
    """The role of each reported substance of `view`; `mentions` is parallel to `view.hits`."""
    model = linear.model("roles")
    return {name: "primary" if model.scores(f)[0] > 0 else "incidental" for name, f in features(view).items()}


@shared
def _phrases() -> SharedTable[str]:
    entries = rows("role_cues.csv", ("cue", "phrase"))
    return SharedTable(
        (row["phrase"], checked("role_cues.csv", row["phrase"], "cue", row["cue"], _REACH)) for row in entries
    )


def features(view: View) -> dict[str, dict[str, float]]:
    """For each reported substance the numbers that the model weighs."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in view.hits:
        if hit.reported:
            groups[hit.name].append(hit)
    if not groups:
        return {}
    around = _around(view)
    most = max(len(hits) for hits in groups.values())
    newest = any(hits[0].nps for hits in groups.values())
    rivals = linear.squash(len(groups) - 1)
    titled = any(hits[0].field == "title" for hits in groups.values())
    out = {}
    for order, (name, hits) in enumerate(groups.items()):
        one = _of_one(view, hits, most, newest, titled)
        one["order"], one["rivals"], one["alone"] = linear.squash(order), rivals, float(len(groups) == 1)
        seen = [cues for hit in hits if (cues := around[hit.field, hit.start])]
        if seen:
            one.update(_manner(seen, len(hits)))
        out[name] = one
    return out


def _of_one(view: View, hits: Sequence[Hit], most: int, newest: bool, titled: bool) -> dict[str, float]:
    first = hits[0]
    in_title = first.field == "title"
    out = {
        "nps": float(first.nps),
        "medicine beside new ones": float(newest and not first.nps),
        "in title": float(in_title),
        "another in title": float(titled and not in_title),
        "share": len(hits) / most,
        "mentions": linear.squash(len(hits)),
        "class " + first.cls: 1.0,
        "marker": float(all(hit.marker for hit in hits)),
    }
    place = next((hit.start for hit in hits if hit.field == "text"), None)
    if place is not None:
        out["first"] = 1.0 - place / (len(view.text) or 1)
    return out


def _manner(seen: Sequence[frozenset[str]], mentions: int) -> Iterator[tuple[str, float]]:
    """In what share of the mentions each cue stands near; `seen` are the cues of those that have any."""
    for name in _REACH:
        times = sum([name in cues for cues in seen])
        if times:
            yield name, times / mentions
            yield f"always {name}", float(times == mentions)


def _around(view: View) -> Mapping[tuple[Field, int], frozenset[str]]:
    """For each place of a name the cues before and after it, none across the end of a sentence or line."""
    contents: dict[Field, str] = {"title": view.title, "text": view.text[:_READ]}
    found: dict[Field, _Cues] = {f: sorted(_phrases().all(c), key=_END) for f, c in contents.items()}
    ends = {f: [end for _, end, _ in cues] for f, cues in found.items()}
    out: dict[tuple[Field, int], frozenset[str]] = {}
    for hit in view.hits:
        cues, text, stops = found[hit.field], contents[hit.field], ends[hit.field]
        start, stop = hit.start, hit.end
        before = cues[bisect_left(stops, start - _WIDEST) : bisect_right(stops, start)]
        after = cues[bisect_right(stops, stop) : bisect_right(stops, stop + 2 * _WIDEST)]
        near = [cue for _, end, cue in before if cue != "after" and _reaches(text, end, start, cue)]
        near += [cue for begin, _, cue in after if cue == "after" and _reaches(text, stop, begin, cue)]
        out[hit.field, start] = frozenset(near) if near else _NOTHING
    return out


def _reaches(text: str, start: int, end: int, cue: str) -> bool:
    return 0 <= end - start <= _REACH[cue] and text.find(". ", start, end) < 0 and text.find("\n", start, end) < 0
