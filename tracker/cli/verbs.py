"""The verbs in the order of `tracker --help`: name -> (module, attribute, one line of help)."""

from __future__ import annotations

VERBS: dict[str, tuple[str, str, str]] = {
    "run": ("running", "run", "The main job once, what cron calls: collect, tag, store, write digests."),
    "collect": ("running", "collect", "Pull every due source, tag and store."),
    "parse": ("texts", "parse", "Show what recorded payloads would yield; nothing is stored."),
    "tag": ("texts", "tag", "Tag JSONL documents; JSONL out."),
    "import": ("running", "import_", "Put documents in by hand."),
    "retag": ("upkeep", "retag", "Rebuild tags with today's lexicon; show what changes."),
    "search": ("reading", "search", "Search the archive."),
    "substance": ("reading", "substance", "Profile of one substance."),
    "stories": ("reading", "stories", "Stories: why documents were joined; cut a wrong join."),
    "digest": ("reports", "digest", "The weekly digest."),
    "signals": ("reports", "signals", "What the past does not explain, this week."),
    "leadtime": ("reports", "leadtime", "Days from our first mention to the official dates."),
    "backtest": ("reports", "backtest", "Replay the archive week by week against official dates."),
    "sources": ("watching", "sources", "What is watched: list, check, show."),
    "status": ("watching", "status", "Health of every source."),
    "lexicon": ("knowledge", "lexicon", "The knowledge base: check, show, diff."),
    "export": ("reading", "export", "Bulk export with a manifest."),
    "bulk": ("bulking", "bulk", "Tag whole corpora on a distributed engine into Parquet (extra scale)."),
    "serve": ("serving", "serve", "The web page and the API."),
    "user": ("serving", "user", "Who may log in to the web page: add, list, remove, password."),
    "schedule": ("upkeep", "schedule", "The long-running scheduler: collects, digests, upkeep."),
    "init": ("upkeep", "init", "Set up a folder to run the tracker in."),
    "backup": ("upkeep", "backup", "A consistent copy of the archive, also while it is written."),
    "verify": ("upkeep", "verify", "Integrity and rebuild checks."),
    "prune": ("upkeep", "prune", "Empty the text of old irrelevant items; identities stay."),
}
