"""Promised behaviours, one module an area; each module holds a tuple ``REQUIREMENTS``."""
