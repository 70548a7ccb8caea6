"""The engine on one machine or several: durable runs by DBOS, in the catalog's own database."""

from tintype.adapters.durable.engine import DurableEngine

__all__ = ["DurableEngine"]
