"""Agents (personas): how Kaikou behaves, speaks and greets."""
