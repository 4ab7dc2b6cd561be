"""Tokens in, tokens out: the engine contract, its implementations and the process boundary."""
