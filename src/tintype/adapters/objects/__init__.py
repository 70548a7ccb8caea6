"""The store port on any S3-compatible store, by obstore."""

from tintype.adapters.objects.store import ObjectStore

__all__ = ["ObjectStore"]
