"""Questions nobody foresaw: SQL over a snapshot, in a database that can reach nothing else.

The database lives in memory. It sees the snapshot's frames as the tables `contact`, `company`, `deal`, `file`, `link`;
it can neither read nor write files, load extensions, see the variables of Python, nor change its settings.
"""

import duckdb
import polars as pl

from engine.errors import InputError
from engine.snapshot.assemble import Snapshot

SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "enable_external_access": "false",
    "threads": "2",
}


def query(snapshot: Snapshot, sql: str, *, memory_limit: str = "1GB") -> pl.DataFrame:
    """Snapshot, one SQL statement → its rows. Raises InputError in one line for anything that is not a question."""
    with duckdb.connect(":memory:", config={**SETTINGS, "memory_limit": memory_limit}) as database:
        for entity, frame in snapshot.frames.items():
            database.register(entity, frame)
        try:
            database.execute("SET lock_configuration = true")
            answer = database.sql(sql)
            if answer is None:
                raise InputError("this statement gives no rows: ask with SELECT", code="no_rows")
            rows: pl.DataFrame = answer.pl()
            return rows
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise InputError(f"the question cannot be answered: {said}", code="query") from error
