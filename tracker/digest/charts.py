"""Small plots of signals in Vega-Lite, drawn by vl-convert: SVG for the page, PNG for mail.

The description is written out here instead of being built with Altair, whose import alone takes half a second and 40
MB of a digest that is to be made in three seconds; the tests let Altair check it against its schema. vl-convert is
loaded only where a signal has a plot. A plot never stands alone: `describe` gives the same in words.
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

    drawn: str = vl_convert.vegalite_to_svg(json.dumps(specification(recent, observed, expected, low, high)))
    return re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", drawn, flags=re.S).strip()


def specification(recent: tuple[int, ...], observed: int, expected: float, low: float, high: float) -> dict[str, Any]:
    """The plot in Vega-Lite: bars of the weeks, beside the last one the expectation with its interval."""
    rows = [{"week": place - len(recent), "stories": count, "now": "before"} for place, count in enumerate(recent)]
    rows.append({"week": 0, "stories": observed, "now": "this week"})
    bare = {"title": None, "labels": False, "ticks": False}
    x = {"field": "week", "type": "ordinal", "axis": bare}
    axis = {"title": None, "tickCount": 2, "tickMinStep": 1, "format": "d", "grid": False}
    top = max([high, observed, *recent])
    y = {"field": "stories", "type": "quantitative", "axis": axis, "scale": {"domain": [0, top]}}
    shades = {"domain": ["before", "this week"], "range": [_PAST, _NOW]}
    band = {"values": [{"week": 1, "low": low, "high": high, "expected": expected}]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _SIZE[0],
        "height": _SIZE[1],
        "padding": 2,
        "background": "transparent",
        "config": {"view": {"stroke": None}, "axis": {"labelColor": "#6b7280", "domainColor": "#6b7280"}},
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "bar"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"field": "now", "type": "nominal", "legend": None, "scale": shades},
                },
            },
            {
                "data": band,
                "mark": {"type": "rule", "color": _EXPECTED, "strokeWidth": 2},
                "encoding": {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
            },
            {
                "data": band,
                "mark": {"type": "tick", "color": _EXPECTED, "thickness": 3, "size": 9},
                "encoding": {"x": x, "y": {"field": "expected", "type": "quantitative"}},
            },
        ],
    }
