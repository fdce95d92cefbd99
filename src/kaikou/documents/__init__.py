"""Any document in: its text with structure, as one string and blocks with offsets."""
