"""Kaikou 开口: a self-hosted voice platform that listens, thinks and speaks."""
