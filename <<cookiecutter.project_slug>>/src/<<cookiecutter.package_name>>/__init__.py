"""The model: what its data must look like, how rows are made of it, how it learns, is judged and predicts."""
