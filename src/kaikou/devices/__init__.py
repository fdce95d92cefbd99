"""Devices: who they are, how they are bound, whether they are there, and what they run."""
