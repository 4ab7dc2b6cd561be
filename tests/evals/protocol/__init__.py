"""Tests of what benchmark runs consist of."""
