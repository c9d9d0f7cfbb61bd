"""The packaged sample: invented items in the true formats, served week by week over loopback HTTP.

`tracker run --demo` reads it through the same code as real sources. Nothing here parses, tags or stores.
"""
