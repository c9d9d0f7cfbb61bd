"""Which substances a document is about (primary), and which it only names beside them (incidental).

Position, frequency and newness speak for primary; "sold as", "stronger than", "such as" before every mention speak for
incidental (`data/facts/role_cues.csv`). A small fitted model weighs them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
    titled = any(hits[0].field == "title" for hits in groups.values())
    out = {}
    for order, (name, hits) in enumerate(groups.items()):
        one = dict(_of_one(view, hits, most, newest, titled))
        one["order"], one["rivals"], one["alone"] = (
            linear.squash(order),
            linear.squash(len(groups) - 1),
            float(len(groups) == 1),
        )
        one.update(_manner([around[hit.field, hit.start] for hit in hits]))
        out[name] = one
    return out


def _of_one(view: View, hits: Sequence[Hit], most: int, newest: bool, titled: bool) -> Iterator[tuple[str, float]]:
    first = hits[0]
    yield "nps", float(first.nps)
    yield "medicine beside new ones", float(newest and not first.nps)
    yield "in title", float(first.field == "title")
    yield "another in title", float(titled and first.field != "title")
    yield "share", len(hits) / most
    yield "mentions", linear.squash(len(hits))
    yield "class " + first.cls, 1.0
    yield "marker", float(all(hit.marker for hit in hits))
    place = next((hit.start for hit in hits if hit.field == "text"), None)
    if place is not None:
        yield "first", 1.0 - place / (len(view.text) or 1)


def _manner(seen: Sequence[frozenset[str]]) -> Iterator[tuple[str, float]]:
    """In what share of the mentions each cue stands near."""
    for name in _REACH:
        times = sum(name in cues for cues in seen)
        if times:
            yield name, times / len(seen)
            yield f"always {name}", float(times == len(seen))


def _around(view: View) -> Mapping[tuple[Field, int], frozenset[str]]:
    """For each place of a name the cues before and after it, none across the end of a sentence or line."""
    contents: dict[Field, str] = {"title": view.title, "text": view.text[:_READ]}
    found: dict[Field, _Cues] = {f: _phrases().all(c) for f, c in contents.items()}
    found = {f: sorted(cues, key=lambda c: c.end) for f, cues in found.items()}
    ends = {f: [cue.end for cue in cues] for f, cues in found.items()}
    out: dict[tuple[Field, int], frozenset[str]] = {}
    for hit in view.hits:
        cues, text, stops = found[hit.field], contents[hit.field], ends[hit.field]
        before = cues[bisect_left(stops, hit.start - _WIDEST) : bisect_right(stops, hit.start)]
        after = cues[bisect_right(stops, hit.end) : bisect_right(stops, hit.end + 2 * _WIDEST)]
        near = {c.value for c in before if c.value != "after" and _reaches(text, c.end, hit.start, c.value)}
        near |= {c.value for c in after if c.value == "after" and _reaches(text, hit.end, c.start, c.value)}
        out[hit.field, hit.start] = frozenset(near)
    return out


def _reaches(text: str, start: int, end: int, cue: str) -> bool:
    between = text[start:end]
    return 0 <= end - start <= _REACH[cue] and ". " not in between and "\n" not in between
