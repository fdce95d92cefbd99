"""Models behind small protocols (ports.py), found by name (registry.py), run on one pool (pool.py)."""

import os

# Read by OpenMP runtimes (CTranslate2, BLAS) when they load, hence before any engine is imported.
# Threads that spin while they wait take the cores from the models that have work; a value that
# somebody set on purpose stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")
