"""How well stories are grouped: labelled pairs of documents put through an archive, precision and recall of each
relation.

    python benchmarks/pairs.py [pairs.jsonl]

Without a file the pairs of the tests are taken: rewrites of short reports (headline changed, shortened, translated
title, figure corrected, told anew, another event of the same template …). Each pair is stored alone in a new archive,
one side after the other, and the link between them read; then all pairs together in one archive, where other documents
may join what should stay apart. The tests hold floors; this prints all figures with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracker.archive import Archive
from tracker.model import Document, Source, SubstanceTag, Tags

PAIRS = Path(__file__).parent.parent / "tests" / "data" / "pairs.jsonl"
NOW = datetime(2026, 1, 5, 7, tzinfo=UTC)


def store(archive: Archive, name: str, side: dict[str, Any]) -> int:
    """One side of a pair, from a source of its own, with the labelled subjects and places as tags."""
    source = Source(
        id=name.replace("-", "_"), kind="feed", url=f"https://{name}.example.org/feed", keep="all", publisher=name
    )
    document = Document(
        external_id=name, url=f"https://{name}.example.org/1", title=side["title"], text=side["text"],
        published=side["published"], precision="day", language="en",
    )  # fmt: skip
    subjects = tuple(SubstanceTag(s, "nps", True, "primary", "affirmed", ()) for s in side["subjects"])
    tags = Tags("en", True, 0.9, "news", tuple(side["places"]), "1", substances=subjects)
    return archive.store_import(source, [document], [tags], now=NOW, lexicon="1").ids[0]


def relation(archive: Archive, a: int, b: int) -> str:
    """How the archive relates two documents by themselves."""
    story = archive.story(a)
    links = story.links if story else ()
    return next((link.relation for link in links if {link.a, link.b} == {a, b}), "different")


def alone(pairs: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """(label, judgement, how) of each pair in an archive of its own."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for pair in pairs:
        with (
            tempfile.TemporaryDirectory() as folder,
            Archive.open(Path(folder) / "pair.db", create=True) as archive,
        ):
            a, b = (store(archive, f"{pair['id']}-{side}", pair[side]) for side in "ab")
            seen[pair["relation"], relation(archive, a, b), pair["how"]] += 1
    return seen


def together(pairs: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """(label, joined or apart) of each pair, all in one archive: whether they stand in one story."""
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "pairs.db", create=True) as archive:
        numbers = [[store(archive, f"{pair['id']}-{side}", pair[side]) for side in "ab"] for pair in pairs]
        stories = {record.id: record.story for record in archive.all_documents(everything=True)}
    return Counter(
        (pair["relation"], "joined" if stories[a] == stories[b] else "apart")
        for pair, (a, b) in zip(pairs, numbers, strict=True)
    )


def share(right: int, total: int) -> str:
    """A share with its Wilson interval."""
    if not total:
        return "      –"
    p, z = right / total, 1.96
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{p:.3f} ({middle - half:.3f} to {min(1.0, middle + half):.3f}), {right} of {total}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=PAIRS)
    pairs = [json.loads(line) for line in parser.parse_args().file.read_text("utf-8").splitlines()]
    labels = Counter(pair["relation"] for pair in pairs)
    print(f"{len(pairs)} pairs: " + ", ".join(f"{n} {name}" for name, n in labels.most_common()))
    seen = alone(pairs)
    for name in ("copy", "event"):
        right = sum(n for (label, said, _), n in seen.items() if label == said == name)
        claimed = sum(n for (_, said, _), n in seen.items() if said == name)
        print(f"{name:9} precision {share(right, claimed)}; recall {share(right, labels[name])}")
    for (label, said, how), n in sorted(seen.items()):
        print(f"  {label:9} judged {said:9} {n:3}  {how}")
    joined = together(pairs)
    right = sum(n for (label, how), n in joined.items() if label != "different" and how == "joined")
    wrong = joined["different", "joined"]
    print(f"one story precision {share(right, right + wrong)}; recall {share(right, len(pairs) - labels['different'])}"
          " (all pairs in one archive)")  # fmt: skip


if __name__ == "__main__":
    main()
