"""The history of the tables; a new step is a file in ``versions/``."""
