"""The agent's words: the prompt, who is asked for more of it, and the answer through all rounds."""
