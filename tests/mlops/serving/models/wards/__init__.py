"""A model package whose `note` says how the model behaves."""
