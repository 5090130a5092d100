"""How the results of a command read: one file for each command with tables of its own."""
