"""One turn of the API, end to end, without HTTP: from a request's meaning to the reply's events."""

__all__: list[str] = []
