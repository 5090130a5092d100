"""Codes of one tensor, one file each: lossless ones of words, others of quantised weights."""
