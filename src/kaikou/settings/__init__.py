"""The settings: one tree, its sources and their order, and the names of other systems."""
