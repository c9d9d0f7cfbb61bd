"""The last state of every record, whatever the order in which files were read.

Of the states of one record (same identifier) the one in the later file holds, within a file the later one; a
deletion is a state. Superseded rows leave the tables of their part, and the part's counts are made again from what
is left.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tracker.scale.parts import Part
from tracker.scale.tables import COUNTS, file_of, write_table
from tracker.scale.work import read_manifest, write_manifest

_SETTLED = ("documents", "mentions", "themes")
_MEMORY = "400MB"  # what the search for superseded rows may hold; the rest goes to a temporary file


def settle(out: Path, parts: Sequence[Part]) -> int:
    """Take superseded rows out of the tables of `parts` (all of the folder's, in superseding order).

    Returns how many states are superseded. Running it again changes nothing; killed in between, the next run goes on.
    """
    done = [part for part in parts if file_of(out, "seen", part.name).exists()]
    superseded = _superseded(out, done)
    for part in done:
        positions = superseded.get(part.name, [])
        manifest = read_manifest(out, part.name)
        mark = _mark(positions)
        if manifest is None or manifest.get("superseded", _mark([])) == mark:
            continue
        _rewrite(out, part.name, positions)
        write_manifest(out, part.name, {**manifest, "superseded": mark})
    return sum(map(len, superseded.values()))


def _mark(positions: Sequence[int]) -> str:
    """What a manifest keeps of the superseded states of its part: how many, and a digest of which."""
    digest = hashlib.sha256(",".join(map(str, positions)).encode()).hexdigest()[:16]
    return f"{len(positions)}:{digest}"


def _superseded(out: Path, parts: Sequence[Part]) -> dict[str, list[int]]:
    """Part -> positions of states that a later one replaces, deletions that hold included (they have no rows)."""
    import duckdb

    if not parts:
        return {}
    ranks = pa.table({"part": [part.name for part in parts], "rank": list(range(len(parts)))})
    files = [str(file_of(out, "seen", part.name)) for part in parts]
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2}) as db:
        db.register("ranks", ranks)
        rows = db.execute(
            """
            WITH states AS (
              SELECT s.part, s.position, s.id, r.rank FROM read_parquet($files) s JOIN ranks r USING (part)
            ), last AS (
              SELECT id, max((rank::HUGEINT << 40) + position) AS top FROM states GROUP BY id HAVING count(*) > 1
            )
            SELECT part, position FROM states JOIN last USING (id)
            WHERE (rank::HUGEINT << 40) + position < top ORDER BY part, position
            """,
            {"files": files},
        ).fetchall()
    found: dict[str, list[int]] = defaultdict(list)
    for part, position in rows:
        found[part].append(position)
    return found


def _rewrite(out: Path, part: str, positions: Sequence[int]) -> None:
    gone = pa.array(positions, pa.int64())
    for table in _SETTLED:
        path = file_of(out, table, part)
        rows = pq.read_table(path)
        left = rows.filter(pc.invert(pc.is_in(rows["position"], value_set=gone)))
        if left.num_rows != rows.num_rows:
            write_table(path, left)
    write_table(file_of(out, "counts", part), _counts(out, part, set(positions)))


def _counts(out: Path, part: str, gone: set[int]) -> pa.Table:
    """The counts of a part without its superseded states: from `seen` and what is left in the other tables."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in _rows(out, "seen", part, ["position", "week", "relevant", "deleted"]):
        if row["deleted"] or row["position"] in gone:
            continue
        counts[row["week"] or "", "all", ""] += 1
        if row["relevant"]:
            counts[row["week"] or "", "relevant", ""] += 1
    relevant: set[int] = set()
    for row in _rows(out, "documents", part, ["position", "week", "relevant", "classes"]):
        if row["relevant"]:
            relevant.add(row["position"])
            counts.update((row["week"] or "", "class", name) for name in dict.fromkeys(row["classes"]))
    for table, column, series in (("mentions", "substance", "substance"), ("themes", "theme", "theme")):
        seen = {
            (row["position"], row["week"] or "", row[column])
            for row in _rows(out, table, part, ["position", "week", column, "assertion"])
            if row["assertion"] == "affirmed" and row["position"] in relevant
        }
        counts.update((week, series, name) for _, week, name in seen)
    rows = [
        {"part": part, "week": week, "series": kind, "name": name, "n": n}
        for (week, kind, name), n in sorted(counts.items())
    ]
    return pa.Table.from_pylist(rows, schema=COUNTS)


def _rows(out: Path, table: str, part: str, columns: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(file_of(out, table, part), columns=columns).to_pylist()
    return rows
