"""Pieces of pages, one file each: they draw, they hold no state and compute nothing."""
