"""The same way with other programs, run in an environment of their own (requirements-peers.txt), which lacks Winnow.

    python tests/bench/peers.py splink|splink-phonenumbers|recordlinkage CONTACTS.csv TRUTH.csv OUT.json

Raw file → cleaned columns (SQL in DuckDB, vectorised) → the usual blocking rules → a trained model → clusters. What is
measured ends with the clusters; afterwards, outside the measured time, the threshold that is best on truth is sought.
Both get what an expert would give them: folded and transliterated names (DuckDB compares bytes, so Cyrillic must
become Latin), nicknames resolved, national phone numbers, mailboxes apart from domains, companies without legal forms.
`splink` takes the last ten digits of a phone for its number, which is right for the two countries of these tables and
costs nothing; `splink-phonenumbers` has each distinct phone read by the library that knows every country's numbers, as
Winnow's are: the cleaning that gives the same phones.
"""

import csv
import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

USUAL, LOWEST = 0.95, 0.05  # the customary threshold; pairs below the lowest are not kept
SWEEP = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999, 0.99999)
BLOCKING = (("phone",), ("email",), ("local",), ("first", "last"), ("last", "company"), ("last", "city"),
            ("first", "company", "city"))  # fmt: skip
REFERENCE = Path(__file__).parents[2] / "engine" / "reference"
DIGRAPHS = {"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "х": "kh", "ю": "yu", "я": "ya"}
SINGLE = ("абвгдеёзийклмнопрстуфыэъь", "abvgdeeziyklmnoprstufye")  # the last two letters have no sound
LEGAL = "ооо|оао|зао|пао|ао|ип|тоо|llc|inc|ltd|corp|co|gmbh|company|corporation|limited|incorporated"
ROLES = "'info','sales','office','mail','admin','support','zakaz','contact','hello'"


def clean_sql(file: Path) -> str:
    """Raw file → the SQL that makes the columns the programs compare."""
    return f"""
    CREATE MACRO latin(s) AS {_latin("s")};
    CREATE TABLE nick AS SELECT * FROM (VALUES {_nicknames()}) AS t(nick, formal);
    CREATE TABLE cleaned AS
    WITH raw AS (SELECT * FROM read_csv({str(file)!r}, header = true, all_varchar = true)),
    made AS (
        SELECT CAST(id AS BIGINT) AS unique_id,
            nullif(latin(lower(trim(first_name, ' .'))), '') AS given,
            nullif(latin(lower(trim(last_name, ' .'))), '') AS last,
            nullif(replace(regexp_replace(lower(trim(email)), '\\+[^@]*@', '@'),
                   'googlemail.com', 'gmail.com'), '') AS email,
            right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) AS digits,
            nullif(latin(regexp_replace(regexp_replace(lower(company), '\\b({LEGAL})\\b', '', 'g'),
                   '[^0-9a-zа-яё]', '', 'g')), '') AS company,
            nullif(latin(lower(trim(city))), '') AS city
        FROM raw
    )
    SELECT unique_id, given AS raw_first, coalesce(nick.formal, given) AS first, last, email,
        CASE WHEN length(split_part(email, '@', 1)) > 3 AND split_part(email, '@', 1) NOT IN ({ROLES})
             THEN split_part(email, '@', 1) END AS local,
        CASE WHEN length(digits) = 10 AND digits <> repeat(left(digits, 1), 10) THEN digits END AS phone,
        company, city
    FROM made LEFT JOIN nick ON made.given = nick.nick
    """


def read_phones(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Cleaned columns → the same with phones as phonenumbers reads them, each distinct cell once: valid, E.164."""
    import phonenumbers

    def read(cell: str) -> str | None:
        for region in ("RU", "US"):  # what a local number is dialled in
            try:
                number = phonenumbers.parse(cell, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return None

    cells = (
        f"SELECT CAST(id AS BIGINT) AS unique_id, phone FROM read_csv({str(file)!r}, header = true, all_varchar = true)"
    )
    distinct = [
        cell for (cell,) in con.execute(f"SELECT DISTINCT phone FROM ({cells}) WHERE phone IS NOT NULL").fetchall()
    ]
    known = pa.table({"cell": distinct, "number": pa.array(map(read, distinct), pa.string())})
    con.register("known", known)
    con.execute(f"""
        CREATE TABLE numbers AS
        SELECT unique_id, number FROM ({cells}) JOIN known ON phone = cell WHERE number IS NOT NULL;
        CREATE TABLE read AS SELECT c.* EXCLUDE (phone), n.number AS phone
        FROM cleaned c LEFT JOIN numbers n USING (unique_id);
        DROP TABLE cleaned; ALTER TABLE read RENAME TO cleaned
    """)


def _latin(column: str) -> str:
    made = column
    for letter, sound in DIGRAPHS.items():
        made = f"replace({made}, '{letter}', '{sound}')"
    return f"translate({made}, '{SINGLE[0]}', '{SINGLE[1]}')"


def _nicknames() -> str:
    table = str.maketrans({**DIGRAPHS, **dict(zip(SINGLE[0], SINGLE[1] + "\0\0", strict=True))})

    def latin(word: str) -> str:
        return word.lower().translate(table).replace("\0", "").replace("'", "''")

    known: dict[str, str] = {}
    with (REFERENCE / "nicknames.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for form in row["forms"].split():
                known.setdefault(latin(form), latin(row["formal"]))
            known[latin(row["formal"])] = latin(row["formal"])
    return ", ".join(f"('{nick}', '{formal}')" for nick, formal in known.items())


class Measured:
    """Seconds of each stage; wall, CPU and peak memory of the process up to `finish`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.figures: dict[str, Any] = {}

    def __call__(self, stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        self.seconds[stage] = round(time.perf_counter() - start, 3)
        return result

    def finish(self) -> None:
        """Note what has been used so far: what follows is scoring and does not count."""
        status = Path("/proc/self/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        self.figures = {"finished_at": time.time(), "cpu": time.process_time(), "peak_mb": peak / 1024}


def splink(
    file: Path, folder: Path, *, by_library: bool = False
) -> tuple[Measured, Callable[[], tuple[np.ndarray, ...]], dict[str, Any]]:
    """Raw file → clusters at the customary threshold with Splink; also the scored pairs, for the sweep."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    clock = Measured()
    con = duckdb.connect()
    con.execute(f"SET temp_directory = '{folder}'")
    clock("clean", lambda: [con.execute(part) for part in clean_sql(file).split(";")])
    if by_library:
        clock("phones", lambda: read_phones(con, file))
    exact = {"term_frequency_adjustments": True}

    def name(column: str, *more: Any) -> Any:
        return cl.CustomComparison(
            output_column_name=column,
            comparison_levels=[
                cll.NullLevel(column), cll.ExactMatchLevel(column, **exact), *more,
                cll.JaroWinklerLevel(column, 0.92), cll.JaroWinklerLevel(column, 0.8), cll.ElseLevel(),
            ],
        )  # fmt: skip

    initial = cll.CustomLevel("left(first_l, 1) = left(first_r, 1) and least(length(first_l), length(first_r)) = 1")
    comparisons = [
        name("first", initial),
        name("last", cll.CustomLevel("first_l = last_r and last_l = first_r")),
        cl.CustomComparison(output_column_name="phone", comparison_levels=[
            cll.NullLevel("phone"), cll.ExactMatchLevel("phone", **exact), cll.DamerauLevenshteinLevel("phone", 1),
            cll.ElseLevel()]),
        cl.CustomComparison(output_column_name="email", comparison_levels=[
            cll.NullLevel("email"), cll.ExactMatchLevel("email", **exact), cll.CustomLevel("local_l = local_r"),
            cll.JaroWinklerLevel("email", 0.9), cll.ElseLevel()]),
        name("company"),
        cl.ExactMatch("city").configure(**exact),
    ]  # fmt: skip
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, retain_matching_columns=False,
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKING],
        additional_columns_to_retain=[], unique_id_column_name="unique_id",
    )  # fmt: skip
    api = DuckDBAPI(connection=con)
    linker = clock("set up", lambda: Linker(api.register("cleaned"), settings, log_level=logging.ERROR))
    train = linker.training
    sure = [block_on("phone", "last"), block_on("email", "last"), block_on("first", "last", "company", "city")]
    clock("prior", lambda: train.estimate_probability_two_random_records_match(sure, recall=0.7))
    clock("u", lambda: train.estimate_u_using_random_sampling(max_pairs=1e6, seed=1))

    def learn() -> None:
        for rule in (block_on("phone"), block_on("first", "last"), block_on("email")):
            train.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)

    clock("m (EM)", learn)
    scored = clock("predict", lambda: linker.inference.predict(threshold_match_probability=LOWEST))
    clusters = clock("cluster", lambda: linker.clustering.cluster_pairwise_predictions_at_threshold(
        scored, threshold_match_probability=USUAL))  # fmt: skip
    usual, made = folder / "clusters.csv", f"SELECT unique_id AS record_id, cluster_id FROM {clusters.physical_name}"
    clock("write", lambda: con.execute(f"COPY ({made}) TO '{usual}' (HEADER)"))
    clock.finish()

    def pairs() -> tuple[np.ndarray, ...]:
        found = con.execute(
            f"SELECT unique_id_l, unique_id_r, match_probability FROM {scored.physical_name}"
        ).fetchnumpy()
        return found["unique_id_l"], found["unique_id_r"], found["match_probability"]

    blocked = linker.inference.compute_blocked_pairs_for_predict()
    count = con.execute(f"SELECT count(*) FROM {blocked.physical_name}").fetchone()
    return clock, pairs, {"candidate_pairs": count[0] if count else 0}


def recordlinkage(file: Path, folder: Path) -> tuple[Measured, Callable[[], tuple[np.ndarray, ...]], dict[str, Any]]:
    """Raw file → clusters with recordlinkage: unsupervised ECM classifier on binary agreements."""
    import recordlinkage as rl

    clock = Measured()
    con = duckdb.connect()
    clock("clean", lambda: [con.execute(part) for part in clean_sql(file).split(";")])
    frame = con.execute("SELECT * FROM cleaned").df().set_index("unique_id")

    def block() -> Any:
        # Blocking joins missing values with each other: leave those pairs out rule by rule.
        made = None
        for columns in BLOCKING:
            present = frame.dropna(subset=list(columns))
            found = rl.index.Block(list(columns)).index(present)
            made = found if made is None else made.union(found)
        return made

    pairs = clock("block", block)
    compare = rl.Compare()
    for column, least in (("first", 0.9), ("last", 0.9), ("company", 0.9), ("email", 0.92)):
        compare.string(column, column, method="jarowinkler", threshold=least, label=column)
    compare.exact("phone", "phone", label="phone")
    compare.exact("city", "city", label="city")
    levels = clock("compare", lambda: compare.compute(pairs, frame).astype(int))
    model = rl.ECMClassifier(binarize=None)
    clock("ECM", lambda: model.fit(levels))
    probability = clock("predict", lambda: model.prob(levels)).to_numpy()
    left, right = (np.asarray(levels.index.get_level_values(i)) for i in (0, 1))

    def cluster() -> None:
        label = components(len(frame), left, right, probability >= USUAL)
        np.savetxt(
            folder / "clusters.csv",
            np.c_[np.arange(len(frame)), label],
            "%d",
            ",",
            header="record_id,cluster_id",
            comments="",
        )

    clock("cluster", cluster)
    clock.finish()
    return clock, lambda: (left, right, probability), {"candidate_pairs": len(levels)}


def components(size: int, left: np.ndarray, right: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Edges → the connected component of each record (ids are row numbers)."""
    from scipy.sparse import coo_matrix  # here, because Splink's measured time does not need it
    from scipy.sparse.csgraph import connected_components

    edges = coo_matrix((np.ones(int(keep.sum()), np.int8), (left[keep], right[keep])), shape=(size, size))
    label: np.ndarray = connected_components(edges, directed=False)[1]
    return label


def f1(label: np.ndarray, truth: np.ndarray) -> float:
    """Clusters, truth → pairwise F1."""

    def pairs(codes: np.ndarray) -> int:
        size = np.unique(codes, return_counts=True)[1].astype(np.int64)
        return int((size * (size - 1) // 2).sum())

    agreed = pairs(label.astype(np.int64) * (int(truth.max()) + 1) + truth)
    return 2 * agreed / max(pairs(label) + pairs(truth), 1)


def main() -> None:
    """Command line → OUT.json, clusters.csv beside it."""
    program, file, truth_file, out = sys.argv[1], *map(Path, sys.argv[2:5])
    with_library = partial(splink, by_library=True)
    programs = {"splink": splink, "splink-phonenumbers": with_library, "recordlinkage": recordlinkage}
    clock, pairs, more = programs[program](file, out.parent)
    left, right, probability = pairs()
    truth = np.unique(np.loadtxt(truth_file, str, delimiter=",", skiprows=1)[:, 1], return_inverse=True)[1]
    scores = {t: f1(components(len(truth), left, right, probability >= t), truth) for t in SWEEP}
    best = max(scores, key=lambda t: scores[t])
    out.write_text(json.dumps({
        **clock.figures, **more, "seconds": clock.seconds, "f1": scores[USUAL], "best_f1": scores[best],
        "best_threshold": best,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
