"""Fetches what requests name by URL: over TLS, from public addresses, within limits.

It knows HTTP as a client, and nothing of the API.
"""
