"""Markdown, plain text for mail, and one line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from tracker.analysis.weeks import stamp
from tracker.digest import words
from tracker.digest.model import Digest, Item, Section

LINE = 160  # characters of the one-line rendering
_WIDTH = 76
_BARE = ("method",)  # statements without evidence


def head_facts(digest: Digest) -> list[tuple[str, str]]:
    """What stands at the head of every rendering, (label, value)."""
    silent = f", {len(digest.silent)} silent ({words.join(digest.silent)})" if digest.silent else ", none silent"
    barren = f", {len(digest.barren)} without any item ({words.join(digest.barren)})" if digest.barren else ""
    failed = f"{digest.sources_failed} failed"
    if digest.failed:
        failed += f" ({words.join(digest.failed)})"
    return [
        ("Week", f"{digest.week}, {words.week_span(digest.week)}" + ("" if digest.finished else " (unfinished)")),
        ("Issue", str(digest.issue)),
        ("As of", stamp(digest.as_of)),
        ("Sources", f"{digest.sources_read} read, {failed}{silent}{barren}"),
        ("Items", f"{digest.counts.get('new', 0):,} new, {digest.counts.get('kept', 0):,} kept"),
        ("Lexicon", digest.lexicon or "not stated"),
        ("Snapshot", digest.snapshot),
    ]


def headline(digest: Digest) -> str:
    """The title of the issue; a sample says that it is one."""
    sample = " (sample)" if digest.sample else ""
    return f"New psychoactive substances, week {digest.week}{sample}"


def meta_of(item: Item) -> str:
    """Grade, independent sources, first seen, publisher and date, for one line under a statement."""
    parts = [words.GRADES[item.grade], words.number(item.sources, "independent source")]
    if item.first_seen:
        parts.append(f"first seen {words.day(item.first_seen)}")
    if item.publisher:
        date = f", {words.claimed(item.published)}" if item.published else ", undated"
        parts.append(f"{item.publisher}{date}")
    return " · ".join(parts)


def one_line(digest: Digest) -> str:
    """At most 160 characters: for a chat or a pager."""
    sample = "sample " if digest.sample else ""
    points = " ".join(digest.bottom_line)
    return words.clip(f"NPS {sample}{digest.week}: {points}", LINE)


# --- Markdown --------------------------------------------------------------------------------------------------------


def markdown(digest: Digest) -> str:
    """CommonMark; text from outside is escaped."""
    lines = [f"# {headline(digest)}", ""]
    if digest.sample:
        lines += ["**Sample:** made from invented items, not from real sources.", ""]
    if not digest.finished:
        lines += ["**Unfinished:** the week goes on.", ""]
    lines += [f"- {label}: {escape(value)}" for label, value in head_facts(digest)]
    lines += ["", "## Bottom line", "", *(f"- {escape(point)}" for point in digest.bottom_line), ""]
    for section in digest.sections:
        lines += _markdown_section(section)
    return "\n".join(lines).rstrip() + "\n"


def _markdown_section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    group = ""
    for item in section.items:
        if item.group and item.group != group:
            group = item.group
            yield from (f"### {escape(group)}", "")
        yield from _markdown_item(item, bare=section.id in _BARE)
    if not section.items:
        yield from (section.quiet, "")
    if section.more:
        yield from (f"And {section.more} more, found by search.", "")
    if section.note:
        yield from (escape(section.note), "")


def _markdown_item(item: Item, *, bare: bool) -> Iterator[str]:
    mark = f"**{item.mark}** · " if item.mark else ""
    yield f"- {mark}{escape(item.text)}"
    if bare:
        yield ""
        return
    if item.title and item.title != item.evidence.text:
        yield f"  *{escape(item.title)}*"
    if item.evidence.text:
        yield f"  > {escape(item.evidence.text)}"
        yield ""
    link = f" · <{_address(item.evidence.url)}>" if item.evidence.url else ""
    yield f"  {escape(meta_of(item))}{link}"
    yield ""


def escape(text: str) -> str:
    """Markdown and HTML of other people shown as characters."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def _address(url: str) -> str:
    return re.sub(r"[<>\s]", "", url)


# --- text ------------------------------------------------------------------------------------------------------------


def text(digest: Digest, *, short: bool = False) -> str:
    """Plain text for mail, wrapped; `short` has head and bottom line only."""
    lines = [headline(digest), "=" * len(headline(digest)), ""]
    if digest.sample:
        lines += ["SAMPLE: made from invented items, not from real sources.", ""]
    if not digest.finished:
        lines += ["UNFINISHED: the week goes on.", ""]
    for label, value in head_facts(digest):
        lines += _wrap(f"{label + ':':<10}{value}", indent=" " * 10)
    lines += ["", "BOTTOM LINE", ""]
    for point in digest.bottom_line:
        lines += _wrap(f"* {point}", indent="  ")
    if not short:
        for section in digest.sections:
            lines += ["", "", section.title.upper(), "-" * len(section.title), *_text_section(section)]
    return "\n".join(lines).rstrip() + "\n"


def _text_section(section: Section) -> Iterator[str]:
    group = ""
    for item in section.items:
        if item.group and item.group != group:
            group = item.group
            yield from ("", f"[{group}]")
        yield ""
        mark = f"[{item.mark}] " if item.mark else ""
        yield from _wrap(f"* {mark}{item.text}", indent="  ")
        if section.id in _BARE:
            continue
        if item.title and item.title != item.evidence.text:
            yield from _wrap(item.title, first="  ", indent="  ")
        if item.evidence.text:
            yield from _wrap(f"“{item.evidence.text}”", first="    ", indent="    ")
        yield from _wrap(meta_of(item), first="  ", indent="  ")
        if item.evidence.url:
            yield f"  {item.evidence.url}"
    if not section.items:
        yield from ("", *_wrap(section.quiet))
    if section.more:
        yield from ("", f"And {section.more} more, found by search.")
    if section.note:
        yield from ("", *_wrap(section.note))


def _wrap(content: str, *, first: str = "", indent: str = "") -> list[str]:
    return textwrap.wrap(
        content,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
