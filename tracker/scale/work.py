"""What a worker does with one part: read, tag, write, and say so in a manifest. Whole or absent.

The manifest is written last and is what makes a part done. A manifest is valid while input, lexicon and options are the
ones it names and its files are there.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tracker.errors import TrackerError
from tracker.model import Tags
from tracker.scale.parts import Part
from tracker.scale.readers import Deleted, Item, Refused, read_part
from tracker.scale.tables import TABLES, TableWriter, document_row, file_of, mention_rows, theme_rows
from tracker.tag import Tagger
from tracker.tag.documents import tag_document
from tracker.text.periods import iso_week

FORMAT = 1  # of the tables; raise it when their columns change
_SHOWN = 20  # refused records named in a manifest


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all parts of a run."""

    out: str
    kind: str
    keep: str  # relevant | all
    lexicon: str  # version
    extra: str | None = None  # the analyst's own lexicon file


@lru_cache(maxsize=1)
def tagger_for(extra: str | None) -> Tagger:
    """One tagger a process: building it costs more than a thousand documents."""
    from tracker.lexicon import load

    return Tagger(load(Path(extra) if extra else None))


def manifest_path(out: Path, part: str) -> Path:
    """Where the manifest of a part stands."""
    return out / "manifest" / f"{part}.json"


def read_manifest(out: Path, part: str) -> dict[str, Any] | None:
    """The manifest of a part, None where it is absent or unreadable."""
    try:
        data = json.loads(manifest_path(out, part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def write_manifest(out: Path, part: str, manifest: Mapping[str, Any]) -> None:
    """Write a manifest whole or not at all."""
    path = manifest_path(out, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)


def is_done(part: Part, job: Job) -> bool:
    """Whether a part has a valid manifest."""
    manifest = read_manifest(Path(job.out), part.name)
    return (
        manifest is not None
        and all(manifest.get(key) == value for key, value in _identity(part, job).items())
        and all(file_of(Path(job.out), table, part.name).exists() for table in TABLES)
    )


def _identity(part: Part, job: Job) -> dict[str, Any]:
    same = {key: value for key, value in asdict(job).items() if key in ("kind", "keep", "lexicon")}
    return {"path": part.path, "size": part.size, "fingerprint": part.fingerprint, "format": FORMAT, **same}


def tag_part(part: Part, job: Job) -> dict[str, Any]:
    """Read, tag and write one part; returns its manifest, or `{"part", "error"}` for a part that cannot be read.

    Runs in a worker. An error of the part is an answer, not an exception: the other parts go on.
    """
    started = time.monotonic()
    out = Path(job.out)
    manifest_path(out, part.name).unlink(missing_ok=True)  # from here on the part is absent until it is whole
    writers = {table: TableWriter(out, table, part.name) for table in TABLES}
    try:
        totals = _write(part, job, writers)
        for writer in writers.values():
            writer.finish()
        for writer in writers.values():
            writer.publish()
    except (TrackerError, OSError) as fault:
        for writer in writers.values():
            writer.drop()
        return {"part": part.name, "path": part.path, "error": str(fault)}
    manifest = {
        "part": part.name,
        **_identity(part, job),
        **totals,
        "rows": {table: writer.count for table, writer in writers.items()},
        "seconds": round(time.monotonic() - started, 3),
    }
    write_manifest(out, part.name, manifest)
    return manifest


def _write(part: Part, job: Job, writers: Mapping[str, TableWriter]) -> dict[str, Any]:
    tagger = tagger_for(job.extra)
    totals: Counter[str] = Counter()
    refused: list[str] = []
    counts: Counter[tuple[str, str, str]] = Counter()
    for position, item in enumerate(read_part(part.path, job.kind)):
        totals["read"] += 1
        if isinstance(item, Refused):
            totals["refused"] += 1
            if len(refused) < _SHOWN:
                refused.append(f"{item.place}: {item.why}")
            continue
        if isinstance(item, Deleted):
            totals["deleted"] += 1
            writers["seen"].add([_seen(part, position, item, None, relevant=False)])
            continue
        week = iso_week(item.published)
        text = item.text or item.summary or ""
        if job.keep == "relevant" and tagger.says_nothing(text, item.title, language=item.language):
            counts[week or "", "all", ""] += 1
            writers["seen"].add([_seen(part, position, item, week, relevant=False)])
            continue
        tags = tag_document(tagger, item)
        totals["relevant"] += tags.relevant
        writers["seen"].add([_seen(part, position, item, week, relevant=tags.relevant)])
        counts.update(series(week, tags))
        if tags.relevant or job.keep == "all":
            totals["kept"] += 1
            writers["documents"].add([document_row(part.name, position, week, item, tags)])
            writers["mentions"].add(mention_rows(part.name, position, week, item, tags))
            writers["themes"].add(theme_rows(part.name, position, week, item, tags))
    writers["counts"].add(count_rows(part.name, counts))
    return {**{key: totals[key] for key in ("read", "relevant", "kept", "deleted", "refused")}, "refusals": refused}


def _seen(part: Part, position: int, item: Item, week: str | None, *, relevant: bool) -> dict[str, Any]:
    assert not isinstance(item, Refused)
    return {
        "part": part.name, "position": position, "id": item.external_id, "week": week, "relevant": relevant,
        "deleted": isinstance(item, Deleted),
    }  # fmt: skip


def series(week: str | None, tags: Tags) -> Iterable[tuple[str, str, str]]:
    """The count series that one document belongs to, as (week, series, name); undated ones stand under ""."""
    at = week or ""
    yield at, "all", ""
    if not tags.relevant:
        return
    yield at, "relevant", ""
    for kind, names in (
        ("class", tags.classes),
        ("substance", [s.name for s in tags.substances if s.assertion == "affirmed"]),
        ("theme", [t.theme for t in tags.themes if t.assertion == "affirmed"]),
    ):
        for name in dict.fromkeys(names):
            yield at, kind, name


def count_rows(part: str, counts: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Rows of `counts`, in a stable order."""
    return [
        {"part": part, "week": week, "series": kind, "name": name, "n": n}
        for (week, kind, name), n in sorted(counts.items())
        if n
    ]
