"""Who is speaking: people who agreed to be known by their voices."""
