"""What agents remember of the people they talk with, and how: a port with file modules."""
