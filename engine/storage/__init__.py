"""Files → what they fill, what could go, how fast they grow.

`links` says which file and which deal hang on which record; `usage`, `findings` and `growth` are built on it.
"""
