"""Small plots as SVG, drawn on the server. Colours come from the style sheet, so they hold on light and dark ground.

Every plot has its meaning in words (`aria-label` and title); the pages put a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def _svg(width: float, height: float, inside: list[str], label: str, cls: str) -> Markup:
    said = escape(label)
    return Markup(
        f'<svg class="plot {cls}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{said}" '
        f'focusable="false"><title>{said}</title>{"".join(inside)}</svg>'
    )


def _bar(x: float, value: float, top: float, width: float, height: float, base: float, cls: str = "bar") -> str:
    tall = value / top * height if top else 0
    return f'<rect class="{cls}" x="{x:.1f}" y="{base - tall:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'


def spark(values: Sequence[int], label: str) -> Markup:
    """A row of thin bars for a table cell; the last one, this week, stands out."""
    top, width = max([1, *values]), 4.0
    inside = [f'<line class="axis" x1="0" x2="{len(values) * 5}" y1="19.5" y2="19.5"/>']
    inside += [
        _bar(place * 5, value, top, width, 18, 19, "bar now" if place == len(values) - 1 else "bar")
        for place, value in enumerate(values)
        if value
    ]
    return _svg(len(values) * 5, 20, inside, label, "spark")


def expected(recent: Sequence[int], observed: int, mean: float, low: float, high: float, label: str) -> Markup:
    """The weeks before as bars, this week as another, and what was expected of it as a tick with its interval."""
    top = max([1.0, high, float(observed), *map(float, recent)])
    step, base, tall = 12.0, 62.0, 54.0
    inside = [_bar(30 + n * step, v, top, 9, tall, base) for n, v in enumerate(recent) if v]
    x = 30 + len(recent) * step
    inside.append(_bar(x, observed, top, 9, tall, base, "bar now"))
    middle = x + 16
    y = [base - value / top * tall for value in (low, mean, high)]
    inside += [
        f'<line class="range" x1="{middle:.1f}" x2="{middle:.1f}" y1="{y[0]:.1f}" y2="{y[2]:.1f}"/>',
        f'<line class="mean" x1="{middle - 6:.1f}" x2="{middle + 6:.1f}" y1="{y[1]:.1f}" y2="{y[1]:.1f}"/>',
    ]
    width = x + 26
    inside += _axis(width, base, top, tall)
    return _svg(width, base + 4, inside, label, "expected")


def _axis(width: float, base: float, top: float, tall: float) -> list[str]:
    return [
        f'<line class="axis" x1="26" x2="{width:.1f}" y1="{base}" y2="{base}"/>',
        f'<text class="tick" x="22" y="{base}" text-anchor="end">0</text>',
        f'<text class="tick" x="22" y="{base - tall + 8:.1f}" text-anchor="end">{top:.0f}</text>',
    ]


def timeline(values: Sequence[int], *, first: str, last: str, lines: Sequence[tuple[float, str]], label: str) -> Markup:
    """Stories a week as bars; `lines` are (place in weeks from the first, number of the event below)."""
    top = max([1, *values])
    width, base, tall = 640.0, 130.0, 96.0
    step = (width - 30) / max(1, len(values))
    inside = [_bar(28 + n * step, v, top, max(0.8, step * 0.8), tall, base) for n, v in enumerate(values) if v]
    for place, number in lines:
        x = 28 + place * step
        inside.append(f'<line class="event" x1="{x:.1f}" x2="{x:.1f}" y1="18" y2="{base}"/>')
        inside.append(f'<text class="tick mark" x="{x:.1f}" y="13" text-anchor="middle">{escape(number)}</text>')
    inside += _axis(width, base, top, tall)
    inside.append(f'<text class="tick" x="28" y="{base + 20}">{escape(first)}</text>')
    inside.append(f'<text class="tick" x="{width}" y="{base + 20}" text-anchor="end">{escape(last)}</text>')
    return _svg(width, base + 26, inside, label, "timeline")
