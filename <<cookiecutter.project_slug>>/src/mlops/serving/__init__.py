"""What answers callers: one predictor behind HTTP."""
