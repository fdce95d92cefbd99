"""What a session's agent can do: the tools it is offered, a round of calls, what comes of them."""
