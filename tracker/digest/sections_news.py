"""What is new: substances, candidates, signals."""

from __future__ import annotations

from dataclasses import replace

from tracker.analysis.rows import DocumentRow, SubstanceRow
from tracker.analysis.signals import candidate_groups, first_named, is_emerging, is_settled, why_known
from tracker.digest import quotes, words
from tracker.digest.context import Context, statement, told
from tracker.digest.model import TITLES, Evidence, Item, Section
from tracker.model import Signal, Theme

_FIRST: dict[str, str] = {
    "first_ever": "First finding of {name} in this archive",
    "first_country": "First finding of {name} in {country}",
    "first_tier": "First time that {name} is reported by a source of tier {tier}",
    "first_death": "First deaths reported with {name}",
    "first_pair": "First time that {substance} and {partner} are reported together in an adulterated or fake product",
}
_THEMES: dict[str, tuple[Theme, ...]] = {
    "first_death": ("death",),
    "first_pair": ("adulteration", "counterfeit"),
    "first_ever": ("emergence",),
    "first_country": ("emergence",),
}


def new_substances(context: Context) -> Section:
    """Substances named for the first time; those known before stand last and are marked."""
    items = [_new_substance(context, name, pairs) for name, pairs in first_named(context.facts).items()]
    items.sort(key=lambda item: (bool(item.known), not item.extra["found"], -item.sources, item.substance or ""))
    return Section(
        "new_substances", TITLES["new_substances"], tuple(items), "No substance was named for the first time this week."
    )


def _new_substance(context: Context, name: str, pairs: list[tuple[DocumentRow, SubstanceRow]]) -> Item:
    documents = [document for document, _ in pairs]
    row = pairs[0][1]
    reason = why_known(name, documents, context.facts, nps=row.nps)
    assertions = {row.assertion for _, row in pairs}
    affirmed, found = "affirmed" in assertions, any(row.finding for _, row in pairs)
    label = words.class_label(row.cls)
    text = f"{name} ({label}) is named for the first time in this archive: {told(documents)}."
    if not affirmed:
        text += f" It is named as {'negated' if assertions == {'negated'} else 'possible'} only."
    elif not found:
        text += " It is named in a list, a panel or a comparison, not reported as found."
    if reason:
        text += f" Known before: {reason}."
    return statement(
        context,
        documents,
        text,
        substance=name,
        themes=("emergence",),
        naming=True,
        known=True if reason else None,
        mark="known" if reason else "new",
        extra={"class": row.cls, "affirmed": affirmed, "found": found},
    )


def candidates(context: Context) -> Section:
    """Unknown names in two independent documents or one of tier A, first held within the last eight weeks."""
    items = []
    for name, documents in candidate_groups(context.facts).items():
        past = context.facts.candidates.get(name)
        seen, tier_a = (past.voices, past.tier_a) if past else (0, False)
        if not is_emerging(documents, seen, tier_a) or not any(is_settled(row, context.facts) for row in documents):
            continue
        row = next(row for row in documents[0].candidates if row.surface.casefold() == name)
        age = f"first held on {words.day(past.first_seen)}" if past else "new this week"
        cls = f" It looks like a {words.class_label(row.cls)}." if row.cls else ""
        text = f"“{row.surface}” is not in the lexicon ({row.why}); {age}: {told(documents)}.{cls}"
        item = statement(context, documents, text, mark="update" if past else "new", title=row.surface)
        span = next((c.span for c in documents[0].candidates if c.surface.casefold() == name), None)
        proof = quotes.evidence(documents[0], context.texts, span=span)
        items.append(_with_evidence(item, proof, {"surface": row.surface, "class": row.cls, "why": row.why}))
    return Section(
        "candidates", TITLES["candidates"], tuple(items), "No unknown name stands in two independent sources."
    )


def _with_evidence(item: Item, proof: Evidence, extra: dict[str, object]) -> Item:
    return replace(item, evidence=proof if proof.text else item.evidence, extra=extra)


def signals(context: Context) -> Section:
    """Every signal of the week with observed against expected."""
    items = tuple(_signal(context, signal) for signal in context.signals if signal.kind != "candidate")
    return Section(
        "signals",
        TITLES["signals"],
        items,
        "No count stands out from its past and nothing happened for the first time.",
    )


def _signal(context: Context, signal: Signal) -> Item:
    documents = context.by_id(signal.documents)
    name = signal.name
    if signal.kind == "excess":
        text = _excess_text(signal)
        substance = name if signal.detail["series"] == "substance" else None
    else:
        text = f"{_FIRST[signal.kind].format(name=name, **signal.detail)}: {told(documents)}."
        substance = str(signal.detail.get("substance", name))
    extra = {
        "kind": signal.kind,
        "name": name,
        "observed": signal.observed,
        "expected": signal.expected,
        "interval": list(signal.interval) if signal.interval else None,
        "p": signal.p,
        "q": signal.q,
        "detail": dict(signal.detail),
    }
    return statement(
        context, documents, text, substance=substance, themes=_THEMES.get(signal.kind, ()), mark="new", extra=extra
    )


def _excess_text(signal: Signal) -> str:
    low, high = signal.interval or (0, 0)
    name = signal.name if signal.detail["series"] == "substance" else f"The class {words.class_label(signal.name)}"
    season = ", same season of earlier years" if signal.detail["seasonal"] else ""
    return (
        f"{name}: {words.number(signal.observed, 'story')}, {words.decimal(signal.expected or 0)} expected "
        f"(95 % {low:.0f} to {high:.0f}; p {words.probability(signal.p or 0)}, q {words.probability(signal.q or 0)}; "
        f"baseline {words.number(signal.detail['baseline_weeks'], 'week')}{season})."
    )
