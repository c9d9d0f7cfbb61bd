"""Refits the small models that ship with `tracker` from labelled documents. Not installed with the package."""
