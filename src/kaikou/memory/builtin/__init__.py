"""The ways to remember that come with Kaikou; each file is one, like a file of the operator's."""
