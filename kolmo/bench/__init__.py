"""Scoring of estimators, and timing of programs side by side with their peers."""
