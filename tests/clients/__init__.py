"""Real clients, unmodified, installed from their registries when they are first needed."""
