"""Names that look like a substance are seen before any list has them; ordinary words never are."""

from __future__ import annotations

import pydoc_data.topics
import sys
from pathlib import Path

import pytest

from tracker.lexicon import load
from tracker.tag.names import NameFinder

FINDER = NameFinder(load())


def candidates(text: str) -> dict[str, tuple[str | None, str]]:
    return {c.surface: (c.cls, c.why) for c in FINDER.find("text", text)[1]}


@pytest.mark.parametrize(
    ("word", "cls"),
    [
        ("fluorobromotriazolam", "designer_benzodiazepine"),
        ("methyltetrazepam", "designer_benzodiazepine"),
        ("chlornitazene", "nitazene"),
        ("butetonitazepyne", "nitazene"),
        ("butonitazepipne", "nitazene"),
        ("cyclohexenylfentanyl", "fentanyl_analogue"),
        ("fluobrorphine", "opioid"),
        ("4-nitromethcathinone", "synthetic_cathinone"),
        ("N-hexylpentedrone", "synthetic_cathinone"),
        ("ADB-XXINACA", "synthetic_cannabinoid"),
        ("4F-MDMB-XYZICA", "synthetic_cannabinoid"),
        ("CUMYL-ABCMINACA", "synthetic_cannabinoid"),
        ("BZO-XYZOXIZID", "synthetic_cannabinoid"),
        ("HHC-X", "semi_synthetic_cannabinoid"),
        ("2C-X", "phenethylamine"),
        ("25X-NBOMe", "phenethylamine"),
        ("4-HO-EBT", "tryptamine"),
        ("N-butyl-N-heptyltryptamine", "tryptamine"),
        ("bromethoxetamine", "arylcyclohexylamine"),
        ("hexylphenidate", "piperidine"),
        ("1X-LSD", "lysergamide"),
        ("U-48520", "opioid"),
    ],
)
def test_a_new_name_is_a_candidate_with_its_class(word: str, cls: str) -> None:
    seen = candidates(f"The lab found {word} in a tablet.")
    assert [(surface, found[0]) for surface, found in seen.items()] == [(word, cls)]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("flunitrazelam", "flunitrazepam and flunitrazolam"),
        ("pyrozolam", "pyrazolam"),
        ("isotonitozene", "isotonitazene"),
        ("fentamyl", "fentanyl"),
        ("mephedrome", "mephedrone"),
    ],
)
def test_a_near_miss_of_a_new_substance_says_what_it_is_near_and_is_not_it(word: str, near: str) -> None:
    hits, unknown = FINDER.find("text", f"The lab found {word}, a drug.")
    assert not hits
    assert [(c.surface, c.why) for c in unknown] == [(word, f"near {near}")]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("ortho-bromo acrylfentanyl was found", "ortho-bromo acrylfentanyl"),
        ("2C-B-XQ was found", "2C-B-XQ"),
        ("N-propyl isotonitazene was found", "N-propyl isotonitazene"),
    ],
)
def test_a_known_name_with_more_chemistry_is_a_candidate(text: str, surface: str) -> None:
    assert surface in candidates(text)


@pytest.mark.parametrize(
    "text",
    [
        "alprazolam, estazolam, clonazepam, sufentanil, quetiapine, sertraline and methylphenidate",
        "5-hydroxytryptamine receptors; serotonin; melatonin; dopamine; phenethylamine",
        "endorphine, morphine, apomorphine, dextrorphan; benzodiazepam",
        "BRCA1, CYP2D6, GABRA1, TP53, HLA-B, IL-6, TNF-alpha, MDM2, NMDA, CB1",
        "catalogue no. AB-12345, CH-4051 Basel, AMB-2000, U-Bahn, C-130, 2C-17, PN 4-1234",
        "Lake Titicaca, Costa Rica, America, Attica, Formica, Jamaica, Malacca",
        "nylon, methylene, ethylene, polypropylene, propylene glycol, butylene",
        "amphetamines, tryptamines, phenethylamines, cathinones, fentanyls, nitazenes",
        "the methamphetamine-fentanyl crisis and ketamine-assisted therapy",
        "Alpha-P, beta-P, a PCP toolkit, THCs, CBDs, HHCs",
        "ipca, mica, pica, silica, africana, basilica, hamamelica",
    ],
)
def test_medicines_genes_numbers_and_places_are_no_candidates(text: str) -> None:
    assert candidates(text) == {}


def test_a_megabyte_of_prose_without_drugs_gives_no_substance_and_no_candidate() -> None:
    texts = list(pydoc_data.topics.topics.values())
    files = [
        *Path("/usr/share/common-licenses").glob("*"),
        *Path(sys.prefix).glob("lib/python*/site-packages/*/METADATA"),
    ]
    # Our own description speaks of drugs, and so do the peers' of a laboratory's environment.
    files = [p for p in files if p.is_file() and not p.parent.name.startswith(("nps_tracker", "medspacy", "drug"))]
    texts += [p.read_text("utf-8", "replace") for p in sorted(files)]
    hits, unknown = [], []
    for text in texts:
        found, candidates = FINDER.find("text", text)
        hits += [h.surface for h in found if h.reported]
        unknown += [c.surface for c in candidates]
    assert sum(map(len, texts)) > 500_000
    assert hits == []
    assert len(unknown) <= 1
