"""What families are made of: codes of parameters and columns, and searches for the best member."""
