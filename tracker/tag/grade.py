"""How good the evidence of a document's claim is: from a laboratory's finding down to an offer for sale.

The words of the evidence decide, best evidence first; what is only awaited, suspected or denied does not lift a grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracker.model import Grade
from tracker.tag.lazy import LazyPattern
from tracker.tag.lookup import SharedTable, checked, rows, shared

if TYPE_CHECKING:
    from tracker.model import DocType, ThemeTag
    from tracker.tag.view import View

# Best first: a document with a laboratory finding and a seizure is graded by the finding.
ORDER: tuple[Grade, ...] = ("lab_confirmed", "clinical_suspected", "seizure", "self_report", "market", "legal")
_READ = 20_000
_OPEN = LazyPattern(
    r"(?i)\b(?:await\w*|pending|not yet|yet to|still to|to be (?:confirmed|tested|found)|no (?:lab|test|toxic)\w*"
    r"|not (?:confirmed|tested|detected|found)|negative for|no (?:trace|evidence|sign)s? of|noch nicht|ausstehend"
    r"|reste à|à confirmer|aún no|todavía no|non ancora|da confermare|ainda não|nog niet|ännu inte|ikke|ei vielä"
    r"|jeszcze nie|zatím)\b"
)
_FINDING = LazyPattern(
    r"(?i)\b(?:contain\w*|found|detect\w*|identif\w*|positiv\w*|tested|samples?|specimens?|blood|urine|serum|results?"
    r"|reveal\w*|analys\w*|analyz\w*|laborator\w*|quantif\w*|proved|untersuch\w*|nachgewiesen|gefunden|trouvé\w*"
    r"|détecté\w*|hallad\w*|detectad\w*|trovat\w*|rilevat\w*|encontrad\w*|onderzoek|aangetroffen|påvisa\w*|funnet"
    r"|fundet|hittat\w*|löydet\w*|wykry\w*|nalezen\w*|обнаруж\w*|fannst|kimutat\w*)"
)
# What a theme alone says, where the words of the text say nothing more.
_BY_THEME: tuple[tuple[str, Grade], ...] = (
    ("death", "clinical_suspected"), ("poisoning", "clinical_suspected"), ("supply", "market"), ("control", "legal"),
)  # fmt: skip


@shared
def _evidence() -> SharedTable[Grade]:
    entries: list[tuple[str, Grade]] = []
    for row in rows("evidence.csv", ("phrase", "grade")):
        checked("evidence.csv", row["phrase"], "grade", row["grade"], ORDER)
        entries.append((row["phrase"], row["grade"]))  # type: ignore[arg-type]
    return SharedTable(entries)


def of(view: View, *, themes: Sequence[ThemeTag], doctype: DocType) -> Grade:
    """The grade of the best evidence; `none` where nothing psychoactive is named or nothing is claimed."""
    if not (view.hits or view.class_mentions):
        return "none"
    if doctype == "legal_notice":
        return "legal"
    affirmed: set[str] = {t.theme for t in themes if t.assertion == "affirmed"}
    found = _stated(view)
    if "lab_confirmed" not in found and any(t.theme == "analytics" and _is_finding(t) for t in themes):
        found.add("lab_confirmed")
    for grade in ORDER:
        if grade in found and _borne_out(grade, affirmed, doctype):
            return grade
    return next((grade for theme, grade in _BY_THEME if theme in affirmed), "none")


def _is_finding(theme: ThemeTag) -> bool:
    """Whether the evidence of the theme analytics tells a result, not a method or a wish."""
    return theme.assertion == "affirmed" and bool(_FINDING.search(theme.evidence)) and not _OPEN.search(theme.evidence)


def _stated(view: View) -> set[Grade]:
    """The grades for which a sentence has words, those left out whose sentence leaves the matter open."""
    told: set[Grade] = set()
    for content in (view.title, view.text[:_READ]):
        for found in _evidence().find(content):
            if found.value in told:
                continue
            start = max(content.rfind("\n", 0, found.start), content.rfind(". ", 0, found.start)) + 1
            ends = [at for at in (content.find("\n", found.end), content.find(". ", found.end)) if at >= 0]
            if not _OPEN.search(content[start : min(ends, default=len(content))]):
                told.add(found.value)
    return told


def _borne_out(grade: Grade, affirmed: set[str], doctype: DocType) -> bool:
    """Words alone mislead (a leaflet names the hospital): the themes of the document must fit them."""
    if grade == "lab_confirmed":
        return bool(affirmed & {"analytics", "adulteration", "counterfeit", "death", "impairment", "supply"})
    if grade == "clinical_suspected":
        return bool(affirmed & {"poisoning", "death", "mental_health", "dependence", "vulnerable"})
    if grade == "seizure":
        return bool(affirmed & {"supply", "control", "counterfeit", "adulteration"})
    if grade == "self_report":
        return doctype in ("forum", "report", "journal_article", "news", "official_alert") and bool(affirmed)
    return bool(affirmed)
