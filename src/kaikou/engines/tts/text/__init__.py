"""From written text to words that can be spoken; shared by the engines that phonemise themselves."""
