"""Replies to scores: one file a benchmark, each following the benchmark's own rules. Pure."""
