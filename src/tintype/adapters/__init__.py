"""The adapters: one for each thing of the world that a port may stand for."""
