"""Makes everything in sample_data/ that is not text about it: made-up accounts with known duplicates.

    python sample_data/generate.py [--seed 7] [--out sample_data]

The same seed gives the same bytes. No clock, no network, no real person's data.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # run as a file: the modules beside it are found from the project's root
    sys.path.insert(0, str(HERE.parent))

from sample_data._make import amocrm, fxiaoke, zoho  # noqa: E402

ACCOUNTS = {"amocrm": amocrm.write, "zoho": zoho.write, "fxiaoke": fxiaoke.write}


def generate(out: Path, *, seed: int = 7) -> None:
    """Folder, seed → one folder per account in it."""
    for name, write in ACCOUNTS.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        write(out / name, seed=seed)


def main() -> None:
    """Command line → files."""
    parser = argparse.ArgumentParser(description="Make the bundled sample accounts again.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    generate(options.out, seed=options.seed)
    total = sum(f.stat().st_size for name in ACCOUNTS for f in (options.out / name).rglob("*") if f.is_file())
    print(f"{len(ACCOUNTS)} accounts, {total / 1e6:.1f} MB, in {options.out}")


if __name__ == "__main__":
    main()
