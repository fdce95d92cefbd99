"""Folders of Python files that the operator writes, each file loaded again as it is saved."""
