"""Real questions asked of an archive of real documents: the first five hits of each, to be looked at.

    python benchmarks/questions.py documents.jsonl …

The files hold documents as `tracker import` takes them; they are tagged and put into a new archive in a temporary
folder. Whether an answer is right is for a reader to say: this prints the hits, and counts the questions that no
document has all words of (of a substance, a theme, a country or a year a word may be the name).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tracker.archive import Archive
from tracker.lexicon import load
from tracker.model import Source
from tracker.sources import parse_file
from tracker.tag import Tagger

QUESTIONS = (
    "protonitazene deaths Ireland 2023",
    "which designer benzodiazepines were sold as alprazolam",
    "bromazolam counterfeit tablets",
    "nitazenes found in heroin",
    "medetomidine in fentanyl supply",
    "xylazine wounds",
    "metonitazene overdose cluster",
    "synthetic cannabinoids in vapes",
    "hexahydrocannabinol legal control",
    "new synthetic opioids in wastewater",
    "etizolam driving impairment",
    "class:nitazene theme:death",
    "2-MMC Netherlands",
    "nitrous oxide neuropathy",
    "phenibut withdrawal",
    "drug checking bromazolam naloxone",
    "kratom 7-hydroxymitragynine",
    "theme:counterfeit oxycodone",
    "ketamine analogue 2-fluorodeschloroketamine",
    "tianeptine poisoning",
)


def fill(archive: Archive, files: Sequence[Path]) -> int:
    """Tag and store the documents of the files; returns how many."""
    lexicon = load()
    tagger = Tagger(lexicon)
    total = 0
    for number, path in enumerate(files):
        documents = parse_file("jsonl", path.read_bytes()).documents
        source = Source(id=f"file{number}", kind="jsonl", url=path.resolve().as_uri(), keep="all")
        tags = [
            tagger.tag(d.text or "", title=d.title, language=d.language, published=d.published, url=d.url,
                       source_type=d.doctype)
            for d in documents
        ]  # fmt: skip
        archive.store_import(source, documents, tags, now=datetime.now(UTC), lexicon=lexicon.version)
        total += len(documents)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    lexicon, empty, some = load(), 0, 0
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "questions.db", create=True) as archive:
        print(f"{fill(archive, options.files)} documents")
        for question in QUESTIONS:
            result = archive.search(question, lexicon=lexicon, limit=5)
            empty += not result.results
            some += result.relaxed
            print(f"\n{question}: {result.total}{' (some of the words)' if result.relaxed else ''}")
            for hit in result.results:
                print(f"  {hit.score:7.2f}  {(hit.record.document.title or '(no title)')[:100]}")
    print(f"\n{len(QUESTIONS) - empty} of {len(QUESTIONS)} questions have hits, {some} with some of the words only")


if __name__ == "__main__":
    main()
