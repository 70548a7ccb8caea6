"""The ports: what the pipeline asks of the world, as small protocols."""
