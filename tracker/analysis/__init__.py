"""What the archive's counts mean: signals for sparse series, timelines, lead times, a back-test of it all.

Pure functions on plain rows (`rows.py`); `read.py` fetches the rows from an archive, always as of a moment.
"""
