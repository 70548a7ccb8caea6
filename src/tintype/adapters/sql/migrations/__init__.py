"""The catalog's migrations, oldest first by their numbers."""
