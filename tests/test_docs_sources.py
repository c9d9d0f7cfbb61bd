"""The page on `sources.yaml` names every kind with all its options, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker.sources import KINDS, kind

PAGE = (Path(__file__).parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
ROWS = {m[1]: m[2] for m in re.finditer(r"^\| `(\w+)` \|.*\|(.*)\|$", PAGE, re.MULTILINE)}


def test_every_kind_has_a_row() -> None:
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_row_names_the_options_of_its_kind(name: str) -> None:
    named = set(re.findall(r"`(\w+)`", ROWS[name]))
    assert named == set(kind(name).options.model_fields)
