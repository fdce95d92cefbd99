"""The microphone: what is heard, kept, and put into words."""
