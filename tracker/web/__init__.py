"""The analyst's desk: pages and a read-only JSON API over the functions that command line and digest use.

`create_app(desk)` gives the application; nothing of FastAPI is imported before that.
"""

from __future__ import annotations

from tracker.web.desk import Desk

__all__ = ["Desk"]
