"""Tests of the benchmark suite's pure parts, and one small run of all of it."""
