"""What outlives a conversation: rows in SQLite or PostgreSQL, recordings as files by content hash."""
