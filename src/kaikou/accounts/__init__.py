"""Who may come in: the password, API keys, signed cookies, short-lived tokens and TLS."""
