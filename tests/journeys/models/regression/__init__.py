"""The rent of a flat in euros a month: a regression without a tree, a threshold or ONNX."""
