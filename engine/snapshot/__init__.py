"""Export files → `Snapshot`: read (formats, encodings) → map (CRM profiles → schema) → apply → profile, workspace.

Nothing is lost on the way: every row of the files is a record of the snapshot or a row of its rejects, with the file,
the line and the reason; every original column stays with its record.
"""
