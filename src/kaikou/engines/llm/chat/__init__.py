"""Streamed chat with any server that speaks the OpenAI API: shared by the engines of this folder."""
