"""Countries where what a text tells happens, or where the legal act holds.

Places, peoples and national bodies are looked up (`data/facts/places.csv`); a small fitted model then decides which of
the named countries the text is about. Authors' addresses, the place of origin of a drug or a parcel, and the seat of
an international body are no places of the event and are left out before.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.tag import cues, hosts, linear
from tracker.tag.lookup import Found, SharedTable, cells, checked, folded, longest, shared
from tracker.tag.surroundings import Surroundings

if TYPE_CHECKING:
    from tracker.tag.view import View

_new: Any = tuple.__new__  # makes a named tuple without the way through Python
_KINDS = ("country", "people", "region", "state", "city", "body", "cited", "money", "none")
# "cited": bodies that the whole world quotes (FDA); "none": names that only look like a place ("New England Journal").
_CASES = ("exact", "capital", "any")
_COLUMNS = ("phrase", "country", "kind", "case")
_NEAR = 70  # characters between a place and a word of harm that bears on it
_LIMIT = 20_000  # characters of a text that are read: events stand in front, and long texts name the whole world

# "Department of Organic Chemistry, University of Kashan, Kashan, Iran": an address, not an event.
_ADDRESS = frozenset(
    """department departments dept university universität universidad université università universitet uniwersytet
    faculty institute institut instituto school hospital hastanesi laboratory laboratories center centre college
    affiliations affiliation labs clinic division correspondence fakultät""".split()
)
_VERBS = frozenset(
    """is are was were has have had will can could may found said says reported died seized took issued warns warned put
    show shows showed confirmed tells told ist sind wurde wurden est sont ont fue es è ha heeft werd är var er
    blev""".split()
)
# "made in Ukraine", "shipped from China": where a drug or parcel comes from is not where it did harm.
_ORIGIN = frozenset(
    """made developed produced synthesised synthesized manufactured invented discovered patented licensed approved
    marketed shipped imported originated originating mailed born native indigenous grows grown grow cultivated plant
    prescribed entwickelt hergestellt fabriqué développé
    desarrollado sviluppato partito diretto ontwikkeld utvecklad udviklet utviklet""".split()
)
# Seats of international bodies: "VIENNA, Austria – June 2019".
_SEATS = frozenset(
    """Vienna VIENNA Austria Wien Vienne Viena Wiedeń Geneva GENEVA Switzerland Genève Genf Ginebra Ginevra
    Lisbon LISBON Lisboa Lissabon Lisbonne Lisbona Lizbona Brussels""".split()
) | {"New York"}
_STATE = re.compile(r"[A-Z][a-z.]+, $")
_AND = re.compile(r"[ ,/;]*(?:(?:and|or|und|et|y|e|en|och|og|ja|i|a|és|the|aus|in|de|aux|en|los|las|gli|la|le) ?){0,2}")
_LEAD = 350  # characters that open a text: headline, place line, first sentence
_LISTED = 45  # characters between two places of a list
_NATIVE = {"de": "DE", "fr": "FR", "es": "ES", "it": "IT", "pt": "BR", "nl": "NL", "sv": "SE", "da": "DK", "no": "NO",
           "fi": "FI", "pl": "PL", "ru": "RU", "cs": "CZ", "hu": "HU", "is": "IS", "tr": "TR"}  # fmt: skip


@dataclass(slots=True)
class _Evidence:
    """What a text says of one country."""

    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    titled: bool = False
    people_titled: bool = False
    first: float = 1.0  # relative place of the first mention
    events: int = 0  # mentions near words of harm, market or control
    shared: int = 0  # cities that other countries have too
    at: list[int] = field(default_factory=list)  # where in the text it is named

    @property
    def alone(self) -> str | None:
        """The one kind of places that it is named by."""
        kinds = [kind for kind, n in self.kinds.items() if n]
        return kinds[0] if len(kinds) == 1 else None


class _Place(NamedTuple):
    codes: tuple[str, ...]
    kind: str
    case: str
    phrase: str


@shared
def _places() -> SharedTable[_Place]:
    entries: list[tuple[str, _Place]] = []
    fine: dict[tuple[str, str, str], tuple[str, ...]] = {}  # few different ones in many rows
    for phrase, country, kind, case in cells("places.csv", _COLUMNS):
        codes = fine.get((country, kind, case))
        if codes is None:
            checked("places.csv", phrase, "kind", kind, _KINDS)
            checked("places.csv", phrase, "case", case, _CASES)
            codes = fine[country, kind, case] = tuple(country.split("|"))
            for code in codes:
                checked("places.csv", phrase, "country", code, _is_code)
        written = phrase.rstrip("*").strip(".") if phrase[-1] in "*." else phrase.lstrip(".")
        entries.append((phrase, _new(_Place, (codes, kind, case, written))))
    return SharedTable(entries)


def _is_code(code: str) -> bool:
    return (len(code) == 2 and code.isalpha() and code.isupper()) or code == "--"  # "--": no country


def find(view: View) -> tuple[str, ...]:
    """ISO 3166-1 alpha-2 codes, the most certain first; empty where the text does not say."""
    found = candidates(view)
    if not found:
        return ()
    model = linear.model("countries")
    scored = [(model.scores(features)[0], code) for code, features in found.items()]
    return tuple(code for score, code in sorted(scored, key=lambda s: (-s[0], s[1])) if score > 0)


def candidates(view: View) -> dict[str, dict[str, float]]:
    """Each country that could be meant, with the features that decide on it."""
    text = view.text[:_LIMIT]
    heard = cues.of(view)
    english = view.language in ("en", None)  # Iceland is "Island" in the other Germanic languages
    seat = "international seat" in heard.text or "international seat" in heard.title
    evidence: dict[str, _Evidence] = defaultdict(_Evidence)
    addresses: dict[tuple[int, int], bool] = {}
    for content, titled in ((view.title, True), (text, False)):
        seated = len(content)  # where a seat ended, whose country may follow
        last: tuple[int, str | None] = (-1, None)  # where the place before ended, and what it was named for
        for found in _spots(content):
            if english and found.value.phrase == "Island":
                continue
            if seat and (content[found.start : found.end] in _SEATS or content[seated : found.start] == ", "):
                seated = found.end
                continue
            aside = None if titled else _elsewhere(content, found, addresses)
            if not aside and last[1] == "origin" and _AND.fullmatch(content, last[0], found.start):
                aside = "origin"  # "in Thailand, Malaysia and Indonesia": the list goes on
            last = found.end, aside
            if aside:
                if len(found.value.codes) == 1:
                    evidence[found.value.codes[0]].kinds[aside] += 1
                continue
            _count(evidence, found, titled, found.start, len(content))
            if not titled and _is_near(heard.events, found):
                for code in found.value.codes:
                    evidence[code].events += 1
    for code in [c for c, e in evidence.items() if list(e.kinds) == ["origin"] and not e.shared]:
        del evidence[code]
    host = hosts.site(view.url).country if view.url else None
    weights = {code: _weight(e) for code, e in evidence.items()}
    total = sum(weights.values()) or 1.0
    order = sorted(evidence, key=lambda code: (-weights[code], evidence[code].first))
    top = weights[order[0]] if order else 1.0
    named = sorted((at, code) for code in order for at in evidence[code].at)
    manner = _manner(view)
    around = Surroundings(text) if len(order) > 1 else None
    out = {}
    for rank, code in enumerate(order):
        entry = evidence[code]
        found_of = _features(entry, weights[code] / total, rank, len(order))
        setting = _setting(view, manner, code, host)
        found_of.update(setting)
        found_of.update(_bearing(setting, entry, rank, len(order)))
        found_of.update(_company(entry, weights[code], code, named, top))
        if around and entry.at:
            found_of.update(_beside(around.of(entry.at), entry.titled, rank))
        out[code] = found_of
    if not out:
        for hinted in filter(None, dict.fromkeys((host, _NATIVE.get(view.language or "")))):
            out[hinted] = _unmentioned(_setting(view, manner, hinted, host), view.url)
    return out


def _spots(text: str) -> list[Found[_Place]]:
    spots = []
    for found in _places().all(text):
        case = found[2].case
        if text[found[0]].isupper() if case == "capital" else case == "any" or _written_right(text, found):
            spots.append(found)
    return [found for found in longest(spots) if found[2].kind != "none"]


def _written_right(text: str, found: Found[_Place]) -> bool:
    """Letter by letter; two letters mean a state only behind a place ("Jackson, MI")."""
    start, end, place = found
    if place.kind == "state":
        return text[start:end] == place.phrase and _STATE.search(text, max(0, start - 24), start) is not None
    return text[start:end].strip(".") == place.phrase


def _is_near(events: Sequence[int], found: Found[_Place]) -> bool:
    at = bisect_left(events, found.start - _NEAR)
    return at < len(events) and events[at] < found.end + _NEAR


def _elsewhere(text: str, found: Found[_Place], addresses: dict[tuple[int, int], bool]) -> str | None:
    """ "address" where the place stands in one, "origin" where something comes from there, else None; `addresses` are
    the lines judged before."""
    start = text.rfind("\n", 0, found.start) + 1
    end = text.find("\n", found.end)
    end = end if end >= 0 else len(text)
    if end - start < 260:
        if (start, end) not in addresses:
            addresses[start, end] = _is_address(set(folded(text)[start + 1 : end + 1].split()))
        if addresses[start, end]:
            return "address"
    if found.value.kind not in ("country", "city"):
        return None
    before = text[max(start, found.start - 40) : found.start].rsplit(". ", 1)[-1].lower().split()
    return None if _ORIGIN.isdisjoint(before[-4:]) else "origin"


def _is_address(words: set[str]) -> bool:
    return len(words) > 3 and not words.isdisjoint(_ADDRESS) and words.isdisjoint(_VERBS)


def _company(e: _Evidence, weight: float, code: str, named: list[tuple[int, str]], top: float) -> dict[str, float]:
    """How a country stands among the others: its weight against the first one's, and whether it is one of a list."""
    out = {"against top": weight / (top or 1.0)}
    if e.at and e.at[0] < _LEAD:
        out["in the lead"] = 1.0
    listed = 0
    for at in e.at:
        place = bisect_left(named, (at, code))
        near = named[max(0, place - 1) : place] + named[place + 1 : place + 2]
        listed += any(other != code and abs(there - at) < _LISTED for there, other in near)
    if listed:
        out["listed"] = listed / len(e.at)
        if listed == len(e.at):
            out["only listed"] = 1.0
    if e.kinds and not e.at and not e.titled and not e.shared:
        out["only aside"] = 1.0
        if not named:
            out["nothing but aside"] = 1.0
    return out


def _beside(marks: Mapping[str, float], titled: bool, rank: int) -> dict[str, float]:
    """What stands beside the mentions: more weighty where it does so at all of them, and not of the first country."""
    out = {f"beside {mark}": share for mark, share in marks.items()}
    if not titled:
        for mark in [mark for mark, share in marks.items() if share == 1.0]:
            out[f"always beside {mark}"] = 1.0
            if rank:
                out[f"always beside {mark}, not top"] = 1.0
    return out


def _count(evidence: Mapping[str, _Evidence], found: Found[_Place], titled: bool, start: int, length: int) -> None:
    place, at = found.value, start / (length or 1)
    for code in place.codes:
        entry = evidence[code]
        if len(place.codes) > 1:
            entry.shared += 1
            continue
        entry.kinds[place.kind] += 1
        if titled and place.kind == "people":
            entry.people_titled = True
        elif titled:
            entry.titled = True
        else:
            entry.first = min(entry.first, at)
            entry.at.append(start)


def _weight(e: _Evidence) -> float:
    k = e.kinds
    strong = (
        k["country"]
        + k["region"]
        + k["state"]
        + 0.8 * k["city"]
        + 0.7 * k["body"]
        + 0.5 * (k["people"] + k["money"] + k["cited"])
    )
    return strong + 0.2 * e.shared + 1.0 * e.titled + 0.1 * (k["address"] + k["origin"])


def _features(e: _Evidence, share: float, rank: int, rivals: int) -> dict[str, float]:
    """How often, where and as what a country is named, alone or among others."""
    mentions = sum(e.kinds.values())
    kinds = [kind for kind, n in e.kinds.items() if n]
    out = {f"{kind} {1 if e.kinds[kind] == 1 else 2}": 1.0 for kind in kinds}
    alone = e.alone
    if alone in _WEAK:
        out[f"{alone} alone"] = 1.0
    if not kinds:
        out["shared alone"] = 1.0
    out["kinds"] = linear.squash(len(kinds))
    out["mentions"] = linear.squash(mentions)
    out["share"] = share
    out["rivals"] = linear.squash(rivals - 1)
    out["first"] = 1.0 - e.first
    out["near events"] = e.events / (mentions or 1)
    if not e.events and not e.titled:
        out["never near events"] = 1.0
    for name, holds in (
        ("top", rank == 0),
        ("titled", e.titled),
        ("people titled", e.people_titled),
        ("only", rivals == 1),
        ("once", mentions == 1),
        ("often", mentions > 3),
        ("very often", mentions > 7),
        ("half", share > 0.5),
        ("small share", share < 0.15),
        ("many rivals", rivals > 4),
        ("very many rivals", rivals > 8),
        ("one of many", rivals > 4 and share < 0.2),
    ):
        if holds:
            out[name] = 1.0
    if rank:
        out.update(_behind(e, share, alone))
    return out


def _bearing(setting: Mapping[str, float], e: _Evidence, rank: int, rivals: int) -> dict[str, float]:
    """A kind of text says another thing of the one country it names than of the last of many."""
    out = {}
    alone = e.alone
    for name in setting:
        if name in _BEARS:
            if rivals == 1:
                out[f"only, {name}"] = 1.0
            if rank:
                out[f"not top, {name}"] = 1.0
            if alone in _ALONE:
                out[f"{alone} alone, {name}"] = 1.0
    return out


def _behind(e: _Evidence, share: float, alone: str | None) -> dict[str, float]:
    """Of a country that is not the first one: whether it is named but in passing."""
    once = len(e.at) == 1 and not e.titled
    flags = (
        ("not top", True),
        ("not top, once", once),
        ("not top, once, late", once and e.at[0] >= _LEAD),
        ("not top, once, no event", once and not e.events),
        (f"not top, {alone} alone", alone in _WEAK),
    )
    return {"not top, share": share} | {name: 1.0 for name, holds in flags if holds}


def _unmentioned(setting: Mapping[str, float], url: str | None) -> dict[str, float]:
    """A country that only address or language point to, in a text that names none."""
    drug_news = setting.get("drug news", 0.0) * ("paper" not in setting and "leaflet" not in setting)
    native = setting.get("native", 0.0)
    out = {
        **setting,
        "unmentioned": 1.0,
        "unmentioned, US": setting.get("US", 0.0),
        "unmentioned, drug news": drug_news,
        "unmentioned, native": native,
        "unmentioned, drug news, native": drug_news * native,
        "unmentioned, drug news, host": drug_news * setting.get("host", 0.0),
    }
    for kind in hosts.site(url).kinds if url else ():
        out[f"unmentioned at {kind}"] = 1.0
        if "host" in setting:
            out[f"unmentioned at {kind}, host"] = 1.0
    for name in filter(setting.__contains__, _DULL):
        out[f"unmentioned, {name}"] = 1.0
    if native and "host" in setting:
        out["unmentioned, native host"] = 1.0
    return out


def _manner(view: View) -> dict[str, float]:
    """What kind of text it is, as far as it bears on whether its places are places of an event."""
    heard = cues.of(view)
    flags = (
        ("paper", heard.text.get("paper heads", 0) > 1 or not _PAPERS.isdisjoint(heard.address)),
        ("leaflet", "leaflet words" in heard.text or heard.text.get("prescribing", 0) > 3),
        ("look-alike", "look-alike" in heard.text and not view.class_mentions),
        ("drug news", bool(view.hits or view.class_mentions) and not cues.EVENTS.isdisjoint(heard.text)),
    )
    return {name: 1.0 for name, holds in flags if holds}


def _setting(view: View, manner: Mapping[str, float], code: str, host: str | None) -> dict[str, float]:
    """The manner of the text, and how the country stands to its address and language."""
    out = dict(manner)
    if host == code:
        out["host"] = 1.0
        if not _OFFICIALS.isdisjoint(cues.of(view).address):
            out["official host"] = 1.0
    elif host is not None:
        out["host elsewhere"] = 1.0
    if _NATIVE.get(view.language or "") == code:
        out["native"] = 1.0
    elif view.language not in (None, "en"):
        out["foreign"] = 1.0
    if code == "US":
        out["US"] = 1.0
    elif code in _SOURCES:
        out["source land"] = 1.0
    return out


_BEARS = frozenset(
    ("paper", "leaflet", "look-alike", "drug news", "host", "host elsewhere", "foreign", "native", "US", "source land")
)
_DULL = ("paper", "leaflet", "official host", "look-alike")  # texts that seldom have a country of their own
_ALONE = frozenset(("body", "cited", "people", "city", "country"))
_WEAK = frozenset(("body", "cited", "people"))
_OFFICIALS = frozenset(("host government", "host statutes"))
_PAPERS = frozenset(("host papers", "path papers"))
_SOURCES = frozenset(("CN", "IN", "AF", "MX"))  # mostly named as where drugs come from
