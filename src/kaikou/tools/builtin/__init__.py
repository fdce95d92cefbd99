"""Tools that come with Kaikou, each a small file; ``source.py`` gathers them."""
