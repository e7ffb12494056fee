"""Clusters + dispositions + findings → a plan: what to merge into what, what goes, why, and how to undo it.

survivorship → build → (simulate) → compile per CRM, backup → export as one ZIP; verify and recheck read it back.
Nothing here writes to a CRM.
"""
