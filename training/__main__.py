"""`python -m training`: refit all shipped weights on `training/data/*.jsonl`, in the order in which they build on each
other: themes, document facts, evidence. The same files give the same bytes. Then name the result: `training.version`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from training import evidence, facts, fit

FILES = [str(path) for path in sorted((Path(__file__).parent / "data").glob("*.jsonl"))]

if __name__ == "__main__":
    sys.exit(fit.main(["--folds", "0"]) or facts.main(FILES) or evidence.main([]))
