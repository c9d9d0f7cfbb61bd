"""Names and phrases of the digest in English, and counts in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from tracker.analysis import weeks
from tracker.model import Grade

GRADES: Mapping[str, str] = {
    "lab_confirmed": "laboratory confirmed",
    "clinical_suspected": "clinically suspected",
    "self_report": "self-report",
    "seizure": "seizure",
    "market": "market",
    "legal": "legal",
    "none": "not graded",
}
DOCTYPES: Mapping[str, str] = {
    "official_alert": "alert",
    "journal_article": "journal article",
    "legal_notice": "legal notice",
    "news": "news",
    "report": "report",
    "factsheet": "fact sheet",
    "forum": "forum post",
    "marketing": "marketing",
    "other": "item",
}
THEMES: Mapping[str, str] = {
    "death": "deaths",
    "poisoning": "poisonings",
    "mental_health": "mental health",
    "polydrug": "polydrug use",
    "vulnerable": "vulnerable groups",
    "analytics": "analysis",
}
GRADE_ORDER: tuple[Grade, ...] = (
    "lab_confirmed",
    "clinical_suspected",
    "seizure",
    "self_report",
    "market",
    "legal",
    "none",
)
EVENTS: Mapping[str, str] = {
    "eu_ews_formal_notification": "EU early-warning notification",
    "unodc_ewa_first_report": "first report to UNODC",
    "cfsre_first_alert": "first CFSRE alert",
    "national_first_alert": "first national alert",
    "us_temporary_scheduling": "US temporary scheduling",
    "us_permanent_scheduling": "US permanent scheduling",
    "un_scheduling": "UN scheduling",
    "eu_control": "EU control",
    "uk_control": "UK control",
    "first_scientific_paper": "first scientific paper",
    "first_seizure_or_sample": "first seizure or sample",
    "other": "other event",
}
_PLURALS: Mapping[str, str] = {"story": "stories", "country": "countries", "entry": "entries", "has": "have"}


def number(count: int, noun: str) -> str:
    """`1 story`, `3 stories`, `1,204 documents`."""
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun phrase, by its last word."""
    head, _, last = noun.rpartition(" ")
    return f"{head} {_PLURALS.get(last, last + 's')}".strip()


def join(words: Iterable[str], limit: int = 6) -> str:
    """`a, b and c`; beyond the limit `a, b, c and 4 more`."""
    listed = list(words)
    if len(listed) > limit:
        return f"{', '.join(listed[:limit])} and {len(listed) - limit} more"
    if len(listed) > 1:
        return f"{', '.join(listed[:-1])} and {listed[-1]}"
    return "".join(listed)


def class_label(cls: str) -> str:
    """`designer benzodiazepine` for `designer_benzodiazepine`."""
    return cls.replace("_", " ") or "class unknown"


def theme_label(theme: str) -> str:
    """A risk theme as it is read in a sentence."""
    return THEMES.get(theme, theme)


def best_grade(grades: Iterable[Grade]) -> Grade:
    """The strongest of some evidence grades."""
    return min(grades, key=GRADE_ORDER.index, default="none")


def day(moment: datetime | None) -> str:
    """`18 Nov 2026`, in UTC: the digest is the same wherever it is made."""
    if moment is None:
        return "not dated"
    utc = moment.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"


def claimed(published: str | None) -> str:
    """A claimed date with its precision: `2024`, `Jun 2024`, `3 Jun 2024`."""
    if not published:
        return "no date"
    parts = published[:10].split("-")
    words = [str(int(parts[2]))] if len(parts) > 2 else []
    words += [_MONTHS[int(parts[1]) - 1]] if len(parts) > 1 else []
    return " ".join([*words, parts[0]])


def week_span(week: str) -> str:
    """`16 to 22 November 2026`."""
    first: date = weeks.start_of(week).date()
    last = first + timedelta(days=6)
    head = f"{first.day}" if first.month == last.month else f"{first.day} {_LONG[first.month - 1]}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{head}{year} to {last.day} {_LONG[last.month - 1]} {last.year}"


def countries(codes: Sequence[str]) -> str:
    """` in GB and SE`, or nothing."""
    return f" in {join(codes)}" if codes else ""


def decimal(value: float) -> str:
    """An expected count as precise as it is worth."""
    if value >= 1:
        return f"{value:.1f}"
    return f"{value:.2g}" if value >= 0.1 else f"{value:.1g}"


def probability(value: float) -> str:
    """`0.012`, `0.0004`, `< 0.0001`."""
    if value < 0.0001:
        return "< 0.0001"
    return f"{value:.2g}" if value < 0.1 else f"{value:.2f}"


def clip(text: str, limit: int) -> str:
    """At most `limit` characters on one line, cut between words with an ellipsis; without characters that turn the line
    round or cannot be shown."""
    text = " ".join(_INVISIBLE.sub("", text).split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-")
    return f"{cut or text[: limit - 1]}…"


_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
