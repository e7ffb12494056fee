"""The live tuning bench: the pattern table in the browser, redrawn while a thumb moves, confirmed on release."""
