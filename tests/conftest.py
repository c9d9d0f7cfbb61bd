"""Fixtures that several test files use. The one place that names where recorded payloads are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TRACKER_SHARED", Path(__file__).parent.parent / ".." / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recorded payloads; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"recorded payloads are not on this machine ({SHARED}); set TRACKER_SHARED to their folder")
    return SHARED
