"""How the database came to be what ``tables.py`` says, step by step.

Run as ``python -m senryu.store.migrations``, in a process of its own: Alembic is large, and is
needed once for each change.
"""

__all__: list[str] = []
