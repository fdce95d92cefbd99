"""Surfaces over the network: one module or folder a protocol, each translating wire to domain."""
