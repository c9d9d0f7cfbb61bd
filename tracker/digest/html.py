"""The digest as one HTML page: for the browser and for print, or, with its styles inlined, for mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.digest import charts, plain, words
from tracker.digest.model import Digest, Item

if TYPE_CHECKING:
    import jinja2


def page(digest: Digest) -> str:
    """Self-contained: no script, nothing fetched, plots inside as SVG."""
    plots = {id(item): charts.svg(item) for item in charts.plotted(digest)}
    return _render(digest, plots=plots, images={}, mail=False)


def mail(digest: Digest, images: Mapping[int, str]) -> str:
    """For mail programs: styles inlined, plots as attached images; `images`: content id by place among the plots."""
    import css_inline

    pictures = {id(item): images[place] for place, item in enumerate(charts.plotted(digest)) if place in images}
    content = _render(digest, plots={}, images=pictures, mail=True)
    inlined: str = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False).inline(content)
    return inlined


def body(digest: Digest) -> str:
    """The sections without head and styles, for feeds."""
    template = _environment().get_template("body.html.j2")
    return template.render(_values(digest, {}, {}, mail=True))


def _render(digest: Digest, *, plots: Mapping[int, str], images: Mapping[int, str], mail: bool) -> str:
    template = _environment().get_template("digest.html.j2")
    return template.render(_values(digest, plots, images, mail=mail)) + "\n"


def _values(digest: Digest, plots: Mapping[int, str], images: Mapping[int, str], *, mail: bool) -> dict[str, Any]:
    import markupsafe

    def plot(item: Item) -> str:
        return markupsafe.Markup(plots.get(id(item), ""))  # our own drawing, numbers only

    return {
        "digest": digest,
        "headline": plain.headline(digest),
        "facts": plain.head_facts(digest),
        "mail": mail,
        "plot": plot,
        "image": lambda item: images.get(id(item)),
        "describe": charts.describe,
        "meta": plain.meta_of,
        "grades": words.GRADES,
        "day": words.day,
        "claimed": words.claimed,
        "span": words.week_span(digest.week),
    }


def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("tracker.digest"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
