"""Lets `python -m tintype.entrypoints.cli` run the command line."""

from tintype.entrypoints.cli import main

main()
