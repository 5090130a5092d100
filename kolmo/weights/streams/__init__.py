"""Codes of whole checkpoints that kolmo's own commands write into containers: one file each."""
