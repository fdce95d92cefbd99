"""When a turn begins and ends: a pure function, its values, and how long a silence has to be."""
