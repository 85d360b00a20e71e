"""Scoring many rows: piece by piece into parts, then the first of them as a list for people."""

ERRORS = 0.05
"""The share of rows that may break the contract, unless somebody says another one."""

MANIFEST = "manifest.json"
"""The file of an output folder that says what it is the output of; the first that is written."""

SUMMARY = "summary.json"
"""The file of an output folder that says what was scored; the last that is written."""
