"""The generated part of `db/README.md`: what each view and column means, and the same for Datasette's metadata."""

from __future__ import annotations

from typing import Any

from tracker.archive.views import VIEWS

BEGIN = "<!-- generated: the columns of the views -->"
END = "<!-- end of the generated part -->"


def as_markdown() -> str:
    """A section a view: one sentence and a table of columns."""
    parts = [BEGIN]
    for name, view in VIEWS.items():
        parts += ["", f"### `{name}`", "", view.about, "", "| column | meaning |", "|---|---|"]
        parts += [f"| `{column}` | {meaning} |" for column, meaning in view.columns]
    return "\n".join([*parts, "", END])


_FACETS = {
    "v_documents": ["source", "tier", "doctype", "language", "editorial_status", "kept"],
    "v_mentions": ["substance", "class", "assertion", "context", "role"],
    "v_themes": ["theme", "assertion"],
    "v_fetches": ["source", "status"],
    "v_signals": ["week", "kind"],
}
_SORT = {
    "v_documents": "first_seen", "v_mentions": "first_seen", "v_themes": "first_seen", "v_stories": "last_seen",
    "v_signals": "week", "v_fetches": "at",
}  # fmt: skip
# The index is read from its end, for its numbers are those of documents and follow time; `zk`: current and kept. Texts
# that may not be shown give no snippet.
_SEARCH = """
select d.id, d.title, d.url, d.source, d.published, d.first_seen, d.substances, d.themes,
  case when d.text is not null then s.snippet end as snippet
from (
  select rowid as id, snippet(search, 1, '<b>', '</b>', '…', 30) as snippet from search
  where search match '({title text} : (' || :words || ')) AND facts : zk' and rowid > 0
  order by rowid desc limit 100
) s join v_documents d on d.id = s.id order by s.id desc
""".strip()


def as_metadata() -> dict[str, Any]:
    """Metadata for Datasette: descriptions, facets, order, what is hidden, a search."""
    tables: dict[str, Any] = {
        name: {
            "description": view.about,
            "columns": dict(view.columns),
            "sort_desc": _SORT[name],
            **({"facets": _FACETS[name]} if name in _FACETS else {}),
        }
        for name, view in VIEWS.items()
    }
    tables |= {name: {"hidden": True} for name in (*HIDDEN, *SUMS)}
    tables |= {name: {"hidden": True, "allow": False} for name in PRIVATE}
    return {
        "title": "nps-tracker",
        "description": "An archive of what was said on new psychoactive substances, and when it was first seen",
        "databases": {
            "tracker": {
                "tables": tables,
                "queries": {
                    "search": {"title": "Search the texts", "sql": _SEARCH, "params": ["words"]},
                    "first_mentions": {
                        "title": "First mention of each substance",
                        "sql": "select substance, min(first_seen) as first_seen, count(distinct document) as documents "
                        "from v_mentions where kept and assertion = 'affirmed' group by substance order by 2 desc",
                    },
                },
            }
        },
    }


HIDDEN = (
    "_sqlite_migrations", "sources", "documents", "identities", "shared_links", "revisions", "relations",
    "editorial_marks", "fetches", "lexicons", "terms", "tagsets", "tag_terms", "mentions", "themes", "class_mentions",
    "candidates", "search_rows", "search", "search_content", "sketches", "buckets", "links", "cuts", "ungrouped",
    "decisions", "deliveries", "signals", "notes", "users", "audit",
)  # fmt: skip
SUMS = ("rolled_weeks", "rolled_series", "rolled_firsts", "rolled_exposure", "named_weeks")  # in large archives only
PRIVATE = ("users", "audit", "deliveries")  # logins and addresses: closed, not only hidden; SQL still reads them


def write(folder: str) -> None:
    """Bring `README.md` (its generated part) and `metadata.json` of the folder up to date."""
    import json
    from pathlib import Path

    readme = Path(folder) / "README.md"
    text = readme.read_text("utf-8")
    head, rest = text.split(BEGIN)
    readme.write_text(head + as_markdown() + rest.split(END)[1], "utf-8")
    content = json.dumps(as_metadata(), indent=1, ensure_ascii=False) + "\n"
    (Path(folder) / "metadata.json").write_text(content, "utf-8")


if __name__ == "__main__":
    import sys

    write(sys.argv[1])
