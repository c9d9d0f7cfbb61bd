"""Make docs/digest.png anew: the head of the sample's last digest, as a browser shows it.

    python docs/picture.py

Runs `tracker run --demo` in a temporary folder; needs playwright (extra dev) and /usr/bin/chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "digest.png"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "tracker", "-q", "run", "--demo"], cwd=folder, check=True)
        digest = max(Path(folder, "tracker-demo", "digests").glob("2*.html"))
        with sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1000, "height": 1400}, color_scheme="light")
            page.goto(digest.as_uri())
            page.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
