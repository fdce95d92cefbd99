"""Engines that look at pictures; what one is, ``port.py`` says."""
