"""Embedding engines: text as vectors whose dot product tells how near two meanings are."""
