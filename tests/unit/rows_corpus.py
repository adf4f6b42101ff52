#!/usr/bin/python3
"""rows_corpus.py ROWDUMP DIRECTORY: ROWDUMP reads every recorded file's rows, prints them both ways
and encodes each to the same bytes. Files whose rows cannot be read say so."""

import pathlib
import subprocess
import sys

# Rows with MariaDB's older temporal types have fractions of a size that only the table knows; an
# encrypted file says that it is.
REFUSED = {"types-old-temporal": "does not fit", "encrypted": "encrypted"}


def main():
    rowdump, directory = sys.argv[1:]
    files = sorted(pathlib.Path(directory).glob("*/*.binlog"))
    bad = 0 if files else 1
    for path in files:
        for option in ("--quiet", "--sql"):
            done = subprocess.run([rowdump, option, path], capture_output=True, check=False)
            expected = REFUSED.get(path.stem)
            good = done.returncode == 0
            if expected:
                good = done.returncode == 1 and expected in done.stderr.decode()
            if not good:
                print(f"{path} {option}: {done.returncode}: {done.stderr.decode()}")
                bad += 1
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
