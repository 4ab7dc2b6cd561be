"""How the database came to be what ``tables.py`` says, step by step."""

__all__: list[str] = []
