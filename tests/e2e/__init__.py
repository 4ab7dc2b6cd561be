"""The whole server on the embedded model: faults, load and clients that misbehave."""
