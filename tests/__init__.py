"""Tests mirror the source tree; tests/contract holds the manifest of promised behaviours."""
