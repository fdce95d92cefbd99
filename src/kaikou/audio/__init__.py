"""Sound without I/O: PCM values, resampling, codecs, loudness, silence."""
