"""Models behind small protocols (ports.py), found by name (registry.py), run on one pool (pool.py)."""
