"""Back-test a file of dated items: import it as a backfile, replay every Monday, print what was raised when.

    python -m benchmarks.backtest ITEMS.jsonl OFFICIAL.csv

Items are JSON Lines as `tracker import --kind jsonl` reads them; labels in the file are not looked at.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(items: Path, official: Path) -> dict[str, object]:
    """The back-test's JSON, from the same commands that a user would type."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tracker", "--db", str(Path(folder) / "replay.db")]
        started = time.monotonic()
        subprocess.run([*command, "import", str(items), "--first-seen", "published"], check=True)
        imported = time.monotonic()
        made = subprocess.run(
            [*command, "backtest", "--official", str(official), "--format", "json"], check=True, capture_output=True
        )
        print(f"import {imported - started:.1f} s, replay {time.monotonic() - imported:.1f} s", file=sys.stderr)
    result: dict[str, object] = json.loads(made.stdout)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("items", type=Path)
    parser.add_argument("official", type=Path)
    arguments = parser.parse_args()
    result = run(arguments.items, arguments.official)
    print("| substance | first mention | first raised | in | first official | lead days | interval |")
    print("|---|---|---|---|---|---|---|")
    for row in result["substances"]:  # type: ignore[attr-defined]
        interval = " to ".join(map(str, row["lead_interval"] or [])) or "–"
        cells = [
            row[key] for key in ("name", "first_mention", "first_raised", "raised_in", "first_official", "lead_days")
        ]
        print(f"| {' | '.join('–' if cell is None else str(cell) for cell in cells)} | {interval} |")
    print()
    for key, value in result["summary"].items():  # type: ignore[attr-defined]
        print(f"- {key}: {', '.join(value) if isinstance(value, list) else value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
