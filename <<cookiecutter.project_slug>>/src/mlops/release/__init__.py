"""How a new version takes the place of the one in service, and gives it back."""
