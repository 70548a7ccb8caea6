"""The HTTP entry point: the API, the delivery of variants and the web page."""

from tintype.entrypoints.http.service import create_app

__all__ = ["create_app"]
