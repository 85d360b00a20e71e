"""The machinery: the same bytes in every project, replaced as a whole by an upgrade."""

import os

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "ORT_DISABLE_TELEMETRY": "1"}
"""Keeps MLflow and ONNX Runtime from telling their makers what runs here, where it is set before they are imported."""
os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
