"""The public contract as data: what requests, replies, events and errors look like as JSON.

Shapes follow the official Python SDK's types (anthropic 2.12). Nothing here imports the rest of
Senryu, and nothing here knows what a request means: that is ``messages/validate.py``.
"""

__all__: list[str] = []
