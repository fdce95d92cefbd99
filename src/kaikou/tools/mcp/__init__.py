"""Tools of MCP servers (Model Context Protocol): ``servers.py`` keeps one connection to each."""
