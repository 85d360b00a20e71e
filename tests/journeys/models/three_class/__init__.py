"""How urgent a letter is, in three classes: a multi-class model."""
