"""`mlops lint`: every mistake in settings and specs at once, each at its line, before anything starts."""
