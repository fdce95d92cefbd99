"""The sound of a reply: words cut into clauses, spoken, paced, and what of them was heard."""
