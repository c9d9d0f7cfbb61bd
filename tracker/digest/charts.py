"""Small plots of signals: Altair describes them, vl-convert draws them, as SVG for the page and PNG for mail.

Both are loaded only where a signal has a plot. A plot never stands alone: `describe` gives the same in words.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from tracker.digest import words
from tracker.digest.model import Digest, Item

MOST = 12  # plots of one digest
_SIZE = (240, 56)
_PAST, _NOW, _EXPECTED = "#8a99ad", "#c2410c", "#1d6fb8"


def plotted(digest: Digest) -> list[Item]:
    """The signals that have a plot: counts above expectation."""
    return [item for item in digest.section("signals").items if item.extra.get("kind") == "excess"][:MOST]


def describe(item: Item) -> str:
    """The plot in words."""
    recent = [int(count) for count in item.extra["detail"]["recent"]]
    low, high = item.extra["interval"]
    return (
        f"Stories a week on {item.extra['name']}: {sum(recent)} in the {len(recent)} weeks before, "
        f"{item.extra['observed']} this week; expected {words.decimal(item.extra['expected'])}, "
        f"95 % interval {low:.0f} to {high:.0f}."
    )


def svg(item: Item) -> str:
    """The plot as SVG. The same item gives the same bytes; colours hold on light and dark ground."""
    recent = tuple(int(count) for count in item.extra["detail"]["recent"])
    low, high = item.extra["interval"]
    return _draw(recent, int(item.extra["observed"]), float(item.extra["expected"]), float(low), float(high))


def png(item: Item) -> bytes:
    """The plot as PNG at twice its size, for mail."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg(item), scale=2))


@lru_cache(maxsize=64)
def _draw(recent: tuple[int, ...], observed: int, expected: float, low: float, high: float) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(json.dumps(_specification(recent, observed, expected, low, high)))
    return re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", drawn, flags=re.S).strip()


def _specification(recent: tuple[int, ...], observed: int, expected: float, low: float, high: float) -> dict[str, Any]:
    import altair as alt

    rows = [{"week": place - len(recent), "stories": count, "now": "before"} for place, count in enumerate(recent)]
    rows.append({"week": 0, "stories": observed, "now": "this week"})
    band = [{"week": 0, "low": low, "high": high, "expected": expected}]
    top = max([high, observed, *recent])
    x = alt.X("week:O", axis=None)
    axis = alt.Axis(title=None, tickCount=2, tickMinStep=1, format="d", grid=False)
    y = alt.Y("stories:Q", axis=axis, scale=alt.Scale(domain=[0, top]))
    shades = alt.Scale(domain=["before", "this week"], range=[_PAST, _NOW])
    bars = alt.Chart(alt.InlineData(values=rows)).mark_bar()
    bars = bars.encode(x=x, y=y, color=alt.Color("now:N", legend=None, scale=shades))
    base = alt.Chart(alt.InlineData(values=band))
    rule = base.mark_rule(color=_EXPECTED, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    tick = base.mark_tick(color=_EXPECTED, thickness=3, size=9).encode(x=x, y=alt.Y("expected:Q"))
    layered = alt.layer(bars, rule, tick)
    layered = layered.properties(width=_SIZE[0], height=_SIZE[1], padding=2, background="transparent")
    plain = layered.configure_view(stroke=None).configure_axis(labelColor="#6b7280", domainColor="#6b7280")
    described: dict[str, Any] = plain.to_dict(validate=False)
    return described
