"""Names are found as chemists, shops and scanners write them; every span is exact in the text as given."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.lexicon import load
from tracker.tag.names import NameFinder
from tracker.tag.view import Hit

FINDER = NameFinder(load())


def hits(text: str) -> list[Hit]:
    return FINDER.find("text", text)[0]


def found(text: str) -> dict[str, str]:
    """surface -> name, in order."""
    return {h.surface: h.name for h in hits(text)}


def names(text: str) -> set[str]:
    return {h.name for h in hits(text)}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("4-CMC", "4-cmc"),
        ("4‑CMC", "4-cmc"),
        ("4–CMC", "4-cmc"),
        ("4 CMC", "4-cmc"),
        ("4CMC", "4-cmc"),
        ("４－ＣＭＣ", "4-cmc"),
        ("4-\nCMC", "4-cmc"),
        ("4-C\u200bMC", "4-cmc"),
        ("4-chloromethcathinone", "4-cmc"),
        ("para-chloromethcathinone", "4-cmc"),
        ("p-chloromethcathinone", "4-cmc"),
        ("α-PVP", "alpha-pvp"),
        ("alpha-PVP", "alpha-pvp"),
        ("alfa-PVP", "alpha-pvp"),
        ("4F-MDMB-BINACA", "4f-mdmb-binaca"),
        ("4-F-MDMB-BINACA", "4f-mdmb-binaca"),
        ("4-fluoro-MDMB-BINACA", "4f-mdmb-binaca"),
        ("4F-MDMB-BUTINACA", "4f-mdmb-binaca"),
        ("para-fluorofentanyl", "para-fluorofentanyl"),
        ("p-fluoro fentanyl", "para-fluorofentanyl"),
        ("4-fluorofentanyl", "para-fluorofentanyl"),
        ("N-pyrrolidino metonitazene", "n-pyrrolidino metonitazene"),
        ("N-Pyrrolidinyl metonitazene", "n-pyrrolidino metonitazene"),
        ("N pyrrolidino metonitazene", "n-pyrrolidino metonitazene"),
        ("metonitazepyne", "n-pyrrolidino metonitazene"),
        ("flunitra-\nzolam", "flunitrazolam"),
        ("flunitra\nzolam", "flunitrazolam"),
        ("flunitra\u00adzolam", "flunitrazolam"),
        ("2′-fluorofentanyl", "2'-fluorofentanyl"),
        ("U-47,700", "u-47700"),
        ("U47700", "u-47700"),
        ("acetyl fentanyl", "acetylfentanyl"),
        ("butyryl-fentanyl", "butyrylfentanyl"),
        ("(S)-ketamine", "ketamine"),
        ("d-methamphetamine", "methamphetamine"),
        ("ketamine hydrochloride", "ketamine"),
        ("ﬂualprazolam", "flualprazolam"),
        ("芬太尼", "fentanyl"),
        ("الفنتانيل", "fentanyl"),
    ],
)
def test_a_name_is_found_however_it_is_written(written: str, name: str) -> None:
    assert names(f"The lab found {written}, a drug.") == {name}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("amfetaminet", "amphetamine"),
        ("metanfetaminas", "methamphetamine"),
        ("метамфетамина", "methamphetamine"),
        ("metamfetamiinia", "methamphetamine"),
        ("fentanylu", "fentanyl"),
        ("фентанилом", "fentanyl"),
        ("Kokainet", "cocaine"),
        ("kétamine", "ketamine"),
        ("acetilfentanilo", "acetylfentanyl"),
        ("tetrahydrofuranylofentanyl", "tetrahydrofuranylfentanyl"),
        ("N-etyloheksedron", "n-ethylhexedrone"),
        ("4-хлорметкатинон", "4-cmc"),
        ("isotonitazeno", "isotonitazene"),
        ("etonitazepin", "n-pyrrolidino etonitazene"),
        ("alpratsolaami", "alprazolam"),
        ("bensodioxolfentanyl", "benzodioxolefentanyl"),
        ("2-fluordeschloroketamin", "2f-deschloroketamine"),
        ("марихуаны", "cannabis"),
        ("гидроморфон", "hydromorphone"),
    ],
)
def test_other_languages_forms_and_cases_are_read(written: str, name: str) -> None:
    assert names(f"narkotika: {written}, fentanyl") - {"fentanyl"} == {name} - {"fentanyl"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Iorazepam", "lorazepam"),
        ("251-NBOMe", "25i-nbome"),
        ("arnphetamine", "amphetamine"),
        ("xykazine", "xylazine"),
        ("diazepan", "diazepam"),
        ("methamphetamime", "methamphetamine"),
        ("gabapentim", "gabapentin"),
    ],
)
def test_scanners_errors_and_one_typo_are_read_near_talk_of_drugs(written: str, name: str) -> None:
    assert names(f"The illicit drug was {written}.") == {name}
    assert written in found(f"The illicit drug was {written}.")


@pytest.mark.parametrize(
    ("text", "surfaces"),
    [
        ("2C-B-FLY and 2C-B", {"2C-B-FLY": "2c-b-fly", "2C-B": "2c-b"}),
        ("N-desethyl metonitazene", {"N-desethyl metonitazene": "n-desethyl metonitazene"}),
        ("flunitrazolam, flunitrazepam", {"flunitrazolam": "flunitrazolam", "flunitrazepam": "flunitrazepam"}),
        ("3-MMC or 4-MMC", {"3-MMC": "3-mmc", "4-MMC": "mephedrone"}),
        ("fentanyl citrates", {"fentanyl": "fentanyl"}),
        ("fentanyl-laced heroin", {"fentanyl": "fentanyl", "heroin": "heroin"}),
        ("HHC o HHC-O", {"HHC": "hhc", "HHC-O": "hhc-o"}),
        ("Δ9-THC", {"Δ9-THC": "thc"}),
        ("delta-8-THC", {"delta-8-THC": "delta-8-thc"}),
        ("4Cl-PCP", {"4Cl-PCP": "4cl-pcp"}),
        ("crack cocaine", {"crack cocaine": "cocaine"}),
    ],
)
def test_the_longest_name_wins(text: str, surfaces: dict[str, str]) -> None:
    assert found(f"Drug: {text}.") == surfaces


def test_the_prefixes_of_other_languages_make_another_molecule() -> None:
    listed = "Isotonitazeno, N-pirrolidino protonitazeno e protonitazeno"
    assert [h.name for h in FINDER.find("text", listed)[0]] == [
        "isotonitazene",
        "n-pyrrolidino protonitazene",
        "protonitazene",
    ]
    assert "det" not in names("Drogas: quatro-hidroxi N,N-dietiltriptamina")


@pytest.mark.parametrize(
    "text",
    [
        "ortho-bromo acrylfentanyl",
        "N-despropyl carfentanil",
        "6-allyl-6-nor-2-bromo-LSD",
        "2C-B-XQ",
        "7-aminoethyl-desethyl etonitazene x",
    ],
)
def test_a_name_inside_an_unknown_longer_name_is_no_mention(text: str) -> None:
    assert not names(f"The drug {text} was found.") & {"acryloylfentanyl", "carfentanil", "lsd", "2c-b", "etonitazene"}


def test_numbers_that_a_lost_column_or_a_footnote_glues_to_a_name_do_not_hide_it() -> None:
    table = "7285Ketamine\n2575Methyprylon\n(6) Allylprodine9602\nisotonitazene/protonitazene6 (!)"
    found = [h.surface for h in FINDER.find("text", table)[0]]
    assert found == ["Ketamine", "Methyprylon", "Allylprodine", "isotonitazene", "protonitazene"]


@pytest.mark.parametrize("code", ["A7285Ketamine", "72851Ketamine", "7285ketamine", "Ketamine96023", "ketamine9b"])
def test_other_numbers_at_a_name_are_codes(code: str) -> None:
    assert FINDER.find("text", f"the sample {code} of a drug")[0] == []


@pytest.mark.parametrize(
    "written", ["flunitrazilam", "pyrozolam", "clonazolem x", "isotonitozene", "metonitazone", "bromazelam", "fentamyl"]
)
def test_a_typo_in_the_stem_of_a_new_substance_is_not_corrected(written: str) -> None:
    listed = {"bromazolam", "clonazolam"}
    assert not (names(f"The illicit drug was {written}.") - listed)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Kokainproben", "cocaine"),
        ("ecstasypillen", "mdma"),
        ("heroinmissbruk", "heroin"),
        ("fentanyloverdose", "fentanyl"),
        ("Cannabiskonsum", "cannabis"),
        ("ketaminmisbrug", "ketamine"),
    ],
)
def test_a_compound_of_a_drug_and_a_noun_names_the_drug(written: str, name: str) -> None:
    assert found(f"Polizei, drugs, narkotika: {written}.") == {written: name}


def test_markers_point_to_their_parent() -> None:
    (hit,) = hits("Urine held benzoylecgonine.")
    assert (hit.name, hit.marker) == ("cocaine", True)


def test_antidotes_are_found_and_not_reported() -> None:
    assert [(h.name, h.reported) for h in hits("Naloxone reversed the fentanyl.")] == [
        ("naloxone", False),
        ("fentanyl", True),
    ]


def test_every_hit_says_how_it_was_found() -> None:
    assert hits("xanax")[0].how == "brand 'xanax', exact"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from("bromazolam 4‑CMC α-PVP 2C-B é \x0b and 🙂 nitazenes MDMA, Δ9-THC -".split(" ")),
        max_size=12,
    ).map(" ".join)
)
def test_spans_are_slices_of_the_text_and_do_not_overlap(text: str) -> None:
    found_hits, candidates = FINDER.find("text", text)
    for hit in found_hits:
        assert text[hit.start : hit.end] == hit.surface
    spans = sorted((x.start, x.end) for x in (*found_hits, *candidates))
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_is_taken(text: str) -> None:
    FINDER.find("text", text)


def test_what_is_found_does_not_depend_on_what_was_read_before() -> None:
    text = "Fluorobromazolam, xykazine (the drug) and MDMB-XXINACA."
    fresh = NameFinder(load())
    first = fresh.find("text", text)
    for n in range(300):
        fresh.find("text", f"word{n} bromazolam{n} amphetemin{n}")
    assert fresh.find("text", text) == first


@pytest.mark.parametrize(
    "piece", ["bromazolam and weed with xykazine, ", "MDMB-XXINACA ", "(" * 50 + " ", "4-" * 40 + " "]
)
def test_cost_grows_with_the_length_of_the_text_alone(piece: str) -> None:
    import time

    def cost(text: str) -> float:
        start = time.process_time()
        FINDER.find("text", text)
        return time.process_time() - start

    short, long = piece * (20_000 // len(piece)), piece * (320_000 // len(piece))
    cost(short)
    assert cost(long) < 16 * max(cost(short), 0.004) * 5
