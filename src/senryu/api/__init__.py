"""HTTP: the only package (with ``serve``) that knows it. Everything it serves is in ``app.py``."""

__all__: list[str] = []
