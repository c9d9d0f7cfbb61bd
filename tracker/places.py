"""Where the files of a deployment stand. Apart from `config`, so that a search need not load what checks settings."""

from __future__ import annotations

from pathlib import Path

DEFAULT_DB = Path("db/tracker.db")
DEFAULT_SOURCES = Path("sources.yaml")
SETTINGS_NAME = "tracker.yaml"


def packaged_sources() -> Path:
    """The list that ships with the package: beside it in a wheel, at the top of a checkout."""
    inside = Path(__file__).parent / "data" / "sources.yaml"
    return inside if inside.exists() else Path(__file__).parent.parent / "sources.yaml"


def find_sources(given: str | None = None) -> Path:
    """`given` (option or TRACKER_SOURCES), else `sources.yaml` here, else the packaged one."""
    if given:
        return Path(given)
    return DEFAULT_SOURCES if DEFAULT_SOURCES.exists() else packaged_sources()
