"""Model families: how a conversation becomes a prompt and generated text becomes pieces.

One folder a family; ``registry.py`` picks one for a loaded model. Pure: no I/O, no clock and no
engine.
"""

__all__: list[str] = []
