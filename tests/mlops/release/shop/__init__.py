"""A model package that does whatever its artifact says: slow, wrong, broken, or well."""
