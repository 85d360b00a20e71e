"""About the model that came with the project: delete this folder with it."""
