"""The official SDKs as referees, against a real server on the embedded model."""
