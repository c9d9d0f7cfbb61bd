"""nps-tracker: an early-warning literature tracker for new psychoactive substances."""

__version__ = "0.1.0"
