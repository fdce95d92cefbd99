"""One live conversation: listening, reply, speech, and the turn machine between them."""
