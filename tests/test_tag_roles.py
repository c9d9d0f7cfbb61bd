"""Claims about primary and incidental substances."""

import pytest
from facts_views import tagger, view

from tracker.tag import roles


def of(text: str, title: str = "") -> dict[str, str]:
    return dict(roles.assign(view(text, title=title), ()))


def test_the_substance_of_the_title_is_primary_and_the_comparison_incidental() -> None:
    found = of(
        "Isotonitazene was found in the blood of all three. It is stronger than fentanyl and many times stronger "
        "than morphine. Isotonitazene caused the deaths.",
        "Isotonitazene deaths",
    )
    assert found == {"isotonitazene": "primary", "fentanyl": "incidental", "morphine": "incidental"}


def test_what_a_fake_was_sold_as_is_incidental() -> None:
    found = of("Tablets sold as oxycodone contained metonitazene. Metonitazene is a very strong opioid.")
    assert found["metonitazene"] == "primary"
    assert found["oxycodone"] == "incidental"


def test_all_substances_of_a_ruling_are_primary() -> None:
    found = of("Clonazolam, diclazepam, etizolam, flualprazolam and flubromazolam go into schedule I.")
    assert set(found.values()) == {"primary"}
    assert len(found) == 5


def test_context_substances_have_no_role() -> None:
    assert "naloxone" not in of("Naloxone reversed the overdose of metonitazene.")


@pytest.mark.parametrize("text", ["", "No drug is named here."])
def test_a_text_without_substances_has_no_roles(text: str) -> None:
    assert of(text) == {}


def test_every_reported_substance_of_the_tags_has_its_role() -> None:
    tags = tagger().tag("Bromazolam and xylazine were found besides cocaine.", language="en")
    assert {s.role for s in tags.substances} <= {"primary", "incidental"}
    assert len(tags.substances) == 3
