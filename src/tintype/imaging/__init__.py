"""Pixels: files in, files out. Nothing here knows a store, a catalog or a clock."""
