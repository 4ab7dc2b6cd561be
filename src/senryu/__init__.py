"""Senryu: an open, self-hosted model service that speaks the Messages API."""

__version__ = "0.1.0"

__all__ = ["__version__"]
