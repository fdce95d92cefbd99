"""The voice library: what can speak, and voices people made."""
