"""Model weights: what there is, where it comes from, and the folder it is kept in."""
