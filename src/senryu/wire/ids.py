"""Identifiers with the prefixes that clients know. Opaque otherwise."""

import secrets

__all__ = ["new_file_id", "new_message_id", "new_request_id", "new_tool_use_id"]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def new_file_id() -> str:
    """``file_011C`` and 20 random base-58 characters."""
    return "file_011C" + _random(20)


def new_message_id() -> str:
    """``msg_01`` and 22 random base-58 characters."""
    return "msg_01" + _random(22)


def new_request_id() -> str:
    """``req_011C`` and 20 random base-58 characters."""
    return "req_011C" + _random(20)


def new_tool_use_id() -> str:
    """``toolu_01`` and 22 random base-58 characters."""
    return "toolu_01" + _random(22)


def _random(length: int) -> str:
    number = secrets.randbits(6 * length)
    letters: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, 58)
        letters.append(_BASE58[digit])
    return "".join(letters)
