"""Codes of whole data sets that kolmo's own commands write into containers: one file each."""
