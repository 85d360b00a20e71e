"""The machinery: the same bytes in every project, replaced as a whole by an upgrade."""
