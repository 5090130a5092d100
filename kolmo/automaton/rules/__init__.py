"""Dynamics of the automaton: one file each, named like the rule."""
