"""The coffee automaton."""
