"""Kaikou 开口: a self-hosted voice platform that listens, thinks and speaks."""

import os

# Read by OpenMP (CTranslate2) and OpenBLAS (numpy) when they load, hence before anything else.
# Threads that spin while they wait take the cores from the models that have work, and numpy's own
# threads would run batch work at a call's priority. A value that somebody set on purpose stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
