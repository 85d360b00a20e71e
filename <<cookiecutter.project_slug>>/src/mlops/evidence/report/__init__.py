"""The report on a run: facts are collected, curves computed, and a page rendered from templates."""
