"""The model: what its data must look like, how rows are made of it, how it learns, is judged and predicts."""

import mlops as mlops  # first of all: it keeps ONNX Runtime and MLflow from reporting to their makers
