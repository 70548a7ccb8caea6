"""Other programs that make thumbnails, installed by the bench into a folder of its own."""
