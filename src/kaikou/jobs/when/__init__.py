"""Times as people say them, in Chinese and English."""
