"""Parts of the composition root, where they are too long for ``server.py``."""
