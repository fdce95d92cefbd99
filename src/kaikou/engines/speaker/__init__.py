"""Voices as vectors: who speaks."""
