"""The archive at size: writing, stories, search, facets, opening, backup, file size, beside plain FTS5 on the same
rows.

    python benchmarks/archive.py --documents 1000000 --folder /tmp/bench

Documents are made by a seeded generator: about 1 kB of Zipf-distributed words, three mentions and five themes each,
one in ten a lightly edited copy of an earlier one, ten years of publication, first seen in batches. The texts mean
nothing; lengths, frequencies and tag counts are those of a news and journal archive.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from tracker.analysis import rolled, weeks
from tracker.archive import Archive
from tracker.archive.filters import Filters
from tracker.model import Document, Mention, Source, SubstanceTag, Tags, ThemeTag

SEED = 7
BATCH = 5000
VOCABULARY = 60_000
WORDS = 135  # a text, about 1 kB
SUBSTANCES = [f"{a}{b}" for a in ("brom", "flu", "met", "proto", "clon", "eti", "pyra", "nor", "iso", "xyl") for b in
              ("azolam", "nitazene", "fentanyl", "cathinone", "diazepam", "zolam", "tryptamine", "inaca")]  # fmt: skip
CLASSES = ("designer_benzodiazepine", "nitazene", "fentanyl_analogue", "synthetic_cathinone", "synthetic_cannabinoid")
THEMES = ("death", "poisoning", "supply", "control", "analytics", "emergence", "polydrug", "potency")
COUNTRIES = ("GB", "US", "DE", "IE", "SE", "FR", "CA", "AU", "EE", "PL")
PLACES = [f"{a}{b}" for a in ("Nor", "Sal", "Wes", "Har", "Lun", "Kir", "Ab", "Dor") for b in
          ("ton", "ford", "burg", "ville", "stad", "mouth", "field", "ham")]  # fmt: skip
START = datetime(2016, 1, 4, 7, tzinfo=UTC)


class Generator:
    """Batches of (source, documents, tags, moment), the same for the same seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self._words = ["".join(self._random.choices(letters, range(26, 0, -1), k=2 + n % 9)) for n in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (n + 8) for n in range(VOCABULARY)))
        self._sources = [
            Source(id=f"s{n:03}", kind="feed", url=f"https://s{n:03}.example.org/feed", name=f"Source {n}",
                   publisher=f"Publisher {n}", tier="ABC"[n % 3], keep="all" if n % 3 == 0 else "relevant")  # type: ignore[arg-type]
            for n in range(150)
        ]  # fmt: skip

    def batches(self, documents: int) -> Iterator[tuple[Source, list[Document], list[Tags], datetime]]:
        step = timedelta(days=3650) / max(1, documents // BATCH)
        recent: list[tuple[Document, Tags]] = []
        for first in range(0, documents, BATCH):
            moment = START + step * (first // BATCH)
            source = self._random.choice(self._sources)
            pairs = [self._one(n, source, moment, recent) for n in range(first, min(first + BATCH, documents))]
            recent = pairs[-300:]
            yield source, [d for d, _ in pairs], [t for _, t in pairs], moment

    def _one(
        self, n: int, source: Source, moment: datetime, recent: list[tuple[Document, Tags]]
    ) -> tuple[Document, Tags]:
        r = self._random
        published = (moment - timedelta(days=r.random() * 7)).strftime("%Y-%m-%d")
        url = f"https://{source.id}.example.org/{n}"
        if recent and r.random() < 0.1:
            document, tags = r.choice(recent)
            text = f"{document.text} {r.choice(self._words)}."
            return Document(external_id=str(n), url=url, title=f"{document.title} again", text=text,
                            published=published,
                            precision="day", language="en"), tags  # fmt: skip
        words = r.choices(self._words, cum_weights=self._weights, k=WORDS)
        names = r.sample(SUBSTANCES, 2)
        country, place = r.choice(COUNTRIES), r.choice(PLACES)
        for at, word in ((5, names[0]), (60, names[0]), (90, names[1]), (20, place), (21, str(r.randrange(2, 90)))):
            words[at] = word
        for at in range(14, WORDS, 15):
            words[at] += "."
        text = " ".join(words)
        title = f"{words[0]} {names[0]} {words[2]} {words[3]} {words[4]}".capitalize()
        document = Document(external_id=str(n), url=url, title=title, text=text, published=published, precision="day",
                            language="en", doi=f"10.1/{n}" if n % 5 == 0 else None)  # fmt: skip
        return document, self._tags(text, names, country)

    def _tags(self, text: str, names: list[str], country: str) -> Tags:
        r = self._random
        places = [text.index(names[0]), text.rindex(names[0]), text.index(names[1])]
        spans = [Mention(text[s : s + len(n)], "text", s, s + len(n))
                 for s, n in zip(places, (names[0], names[0], names[1]), strict=True)]  # fmt: skip
        cls = [CLASSES[SUBSTANCES.index(n) % len(CLASSES)] for n in names]
        ends = [i for i, c in enumerate(text) if c == "."][:5]
        begins = [0, *(e + 2 for e in ends)]
        themes = tuple(
            ThemeTag(
                t,
                "negated" if r.random() < 0.05 else "affirmed",
                text[b : e + 1],
                "text",
                b,
                e + 1,
                (names[0],),
                "rule",
            )  # type: ignore[arg-type]
            for t, b, e in zip(r.sample(THEMES, 5), begins, ends, strict=False)
        )
        return Tags(
            language="en", relevant=True, relevance=round(r.random(), 2), doctype=r.choice(("news", "journal_article")),
            countries=(country,), lexicon="bench",
            substances=(SubstanceTag(names[0], cls[0], True, "primary", "affirmed", (spans[0], spans[1])),
                        SubstanceTag(names[1], cls[1], True, "incidental", "affirmed", (spans[2],))),
            classes=tuple(dict.fromkeys(cls)), themes=themes,
        )  # fmt: skip


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rss_mb() -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def write(path: Path, documents: int, *, stories: bool) -> None:
    """Fill an archive; time is that of `store_import` alone."""
    spent = cpu = raw = done = 0.0
    with Archive.open(path, create=True) as archive:
        for source, docs, tags, moment in Generator().batches(documents):
            begin, begin_cpu = time.perf_counter(), time.process_time()
            archive.store_import(source, docs, tags, now=moment, lexicon="bench", group=False)
            spent += time.perf_counter() - begin
            cpu += time.process_time() - begin_cpu
            raw += sum(len((d.title or "") + (d.text or "")) for d in docs)
            done += len(docs)
        print(f"writing            {done / spent:10,.0f} documents a second ({done / cpu:,.0f} a CPU second)")
        if stories:
            group(archive, done)
        rolled.refresh(archive, before=weeks.number(datetime.now(UTC)))  # as every import does at its end
        archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        archive._db.execute("ANALYZE")
    print(
        f"file               {path.stat().st_size / raw:10.2f} times the raw text ({path.stat().st_size / 1e6:,.0f} MB)"
    )


def group(archive: Archive, documents: float) -> None:
    """Stories of all that was written."""
    memory = rss_mb()
    begin, begin_cpu = time.perf_counter(), time.process_time()
    archive.group()
    spent, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    print(f"stories            {documents / spent:10,.0f} documents a second ({documents / cpu:,.0f} a CPU second), "
          f"memory {rss_mb():.0f} MB ({rss_mb() - memory:+.0f})")  # fmt: skip


def kinds(common: str, frequent: str, rare: str) -> dict[str, list[dict[str, object]]]:
    """Eight kinds of query, several of each."""
    return {
        "rare word": [{"query": rare}, {"query": "isofentanyl " + rare}],
        "common word": [{"query": common}, {"query": frequent}],
        "phrase": [{"query": f'"{common} {frequent}"'}, {"query": f'"{frequent} {common}"'}],
        "two words": [{"query": f"{common} {frequent}"}, {"query": f"bromazolam {common}"}],
        "prefix": [{"query": "brom*"}, {"query": rare[:3] + "*"}],
        "filtered": [
            {"query": common, "filters": Filters(theme=("death",), country=("IE",), since="2018", until="2020-06")},
            {"query": "substance:protonitazene tier:A after:2024"},
        ],
        "newest": [{"query": "", "sort": "newest"}, {"query": common, "sort": "newest"}],
        "facet": [{"query": "theme:death", "limit": 0}, {"query": "metfentanyl", "limit": 0}],
    }


def timed(call: Callable[[], object], repeat: int) -> list[tuple[float, float]]:
    """Milliseconds and CPU milliseconds of each call, after one to warm up."""
    call()
    found = []
    for _ in range(repeat):
        begin, cpu = time.perf_counter(), time.process_time()
        call()
        found.append(((time.perf_counter() - begin) * 1000, (time.process_time() - cpu) * 1000))
    return found


def quantiles(times: list[tuple[float, float]]) -> str:
    """Both clocks: on a shared machine the second is what a quiet one would show on the first."""
    parts = []
    for place, name in enumerate(("", " CPU")):
        values = sorted(t[place] for t in times)
        parts.append(
            f"p50 {statistics.median(values):7.2f} p95 {values[max(0, int(len(values) * 0.95) - 1)]:7.2f} ms{name}"
        )
    return "   ".join(parts)


def search(path: Path, repeat: int) -> None:
    begin = time.perf_counter()
    archive = Archive.open(path)
    print(f"opening            {(time.perf_counter() - begin) * 1000:10.2f} ms")
    g = Generator()
    common, frequent, rare = g._words[20], g._words[60], g._words[VOCABULARY - 5]
    everything: list[tuple[float, float]] = []
    for kind, queries in kinds(common, frequent, rare).items():
        times = [t for how in queries for t in timed(lambda how=how: archive.search(**how), repeat)]  # type: ignore[misc]
        totals = [archive.search(**how).total for how in queries]  # type: ignore[arg-type]
        everything += times
        print(f"search {kind:12}{quantiles(times)}   hits {totals}")
    print(f"search all         {quantiles(everything)}")
    archive.close()


def plain(path: Path, archive: Path, repeat: int) -> None:
    """The same texts in a plain FTS5 table, ranked by bm25: what one gets without effort."""
    if not path.exists():
        db = sqlite3.connect(path)
        db.execute("ATTACH ? AS a", (str(archive),))
        db.execute("CREATE VIRTUAL TABLE f USING fts5(title, text)")
        db.execute(
            "INSERT INTO f (rowid, title, text) SELECT document, title, text FROM a.revisions WHERE known_until IS NULL"
        )
        db.commit()
        db.close()
    db = sqlite3.connect(path)
    g = Generator()
    common, frequent, rare = g._words[20], g._words[60], g._words[VOCABULARY - 5]
    queries = {"rare word": rare, "common word": common, "phrase": f'"{common} {frequent}"',
               "two words": f"{common} {frequent}",
               "prefix": "brom*"}  # fmt: skip
    everything: list[tuple[float, float]] = []
    for kind, query in queries.items():
        times = timed(
            lambda query=query: db.execute(  # type: ignore[misc]
                "SELECT rowid, snippet(f, 1, '[', ']', '…', 20) FROM f WHERE f MATCH ? ORDER BY rank LIMIT 20", (query,)
            ).fetchall(),
            max(3, repeat // 4),
        )
        everything += times
        print(f"plain FTS5 {kind:8}{quantiles(times)}")
    print(f"plain FTS5 all     {quantiles(everything)}")
    db.close()


def backup(path: Path) -> None:
    """A copy made while a writer stores small batches; the longest wait of either."""
    waits: list[float] = []
    stop = threading.Event()

    def writer() -> None:
        source, docs, tags, _ = next(Generator(seed=99).batches(2000))
        docs = [Document(external_id=f"w{d.external_id}", url=f"{d.url}/w", title=d.title, text=d.text) for d in docs]
        with Archive.open(path) as archive:
            for at in range(0, len(docs), 10):
                if stop.is_set():
                    return
                begin = time.perf_counter()
                archive.store_import(
                    source, docs[at : at + 10], tags[at : at + 10], now=datetime.now(UTC), lexicon="bench"
                )
                waits.append(time.perf_counter() - begin)
                time.sleep(0.02)

    thread = threading.Thread(target=writer)
    thread.start()
    target = path.with_suffix(".copy")
    while not waits and thread.is_alive():
        time.sleep(0.01)
    with Archive.open(path) as archive:
        begin = time.perf_counter()
        archive.backup(target)
        spent = time.perf_counter() - begin
    stop.set()
    thread.join()
    ok = sqlite3.connect(target).execute("PRAGMA quick_check").fetchone()[0]
    target.unlink()
    print(
        f"backup             {spent:10.1f} s while {len(waits)} batches were written; longest write "
        f"{max(waits):.2f} s; copy {ok}"
    )


def process(path: Path) -> None:
    """`tracker search` as a whole process."""
    command = [sys.executable, "-m", "tracker", "--db", str(path), "search", "bromazolam", "--format", "json"]
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        times.append((time.perf_counter() - begin) * 1000)
    total = json.loads(done.stdout)["total"] if done.returncode == 0 else done.stderr[-200:]
    print(f"tracker search     {statistics.median(times):10.0f} ms as a process (total {total})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, required=True, help="where the files are made; kept for the next run")
    parser.add_argument("--repeat", type=int, default=20, help="times each query is asked")
    parser.add_argument("--skip", default="", help="parts left out: write stories search plain backup process")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"archive-{options.documents}.db"
    print(f"{options.documents:,} documents, seed {SEED}")
    if not path.exists() and "write" not in options.skip:
        write(path, options.documents, stories="stories" not in options.skip)
    for name, part in (
        ("search", lambda: search(path, options.repeat)),
        ("plain", lambda: plain(options.folder / f"plain-{options.documents}.db", path, options.repeat)),
        ("backup", lambda: backup(path)),
        ("process", lambda: process(path)),
    ):
        if name not in options.skip:
            part()
    print(f"peak memory        {peak_mb():10.0f} MB")


if __name__ == "__main__":
    main()
