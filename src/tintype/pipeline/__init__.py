"""The pipeline: what happens to an image, from its acceptance to its last variant."""
