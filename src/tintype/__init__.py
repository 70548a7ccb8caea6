"""Tintype: image pipelines that run anywhere."""

__version__ = "0.1.0"
