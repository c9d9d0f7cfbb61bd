"""The only room that talks to the network: asks the given sources politely, side by side, and hands back what came.

`collect` runs many sources, `poll` one; `recheck_all` and `recheck` ask stored records again; `CollectSettings` has the
limits; `HttpClient` is the one HTTP client. Payloads are read by the kinds in `tracker.sources`; what is remembered
between polls is the caller's to store.
"""

from tracker.collect.http import HttpClient
from tracker.collect.poll import poll, recheck
from tracker.collect.run import collect, recheck_all
from tracker.collect.settings import CollectSettings, HostPace, Limits

__all__ = ["CollectSettings", "HostPace", "HttpClient", "Limits", "collect", "poll", "recheck", "recheck_all"]
