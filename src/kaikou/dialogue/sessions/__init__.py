"""All sessions of this process: how they open, how many there may be, what is kept of them."""
