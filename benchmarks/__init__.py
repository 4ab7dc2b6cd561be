"""Measures Senryu against llama.cpp's own server: ``python -m benchmarks`` (README.md)."""
