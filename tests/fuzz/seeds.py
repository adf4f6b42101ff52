#!/usr/bin/python3
"""Seeds of the fuzz targets.

    seeds.py TARGET DIRECTORY             writes them
    seeds.py TARGET --replay PROGRAM      runs PROGRAM (replay.c and the target) over them

They are the files of corpus/TARGET, and what is made of the recorded binlog files; see the heads
of fuzz_TARGET.c for what their bytes mean.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile

import event_seeds
import log_seeds
import value_seeds
import wire_seeds

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def seeds(target):
    for module in (event_seeds, log_seeds, value_seeds, wire_seeds):
        if target in module.TARGETS:
            yield from module.seeds(target)
    files = CORPUS / target
    if files.is_dir():
        yield from (path.read_bytes() for path in sorted(files.iterdir()))


def write(target, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        (directory / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    if not any(directory.iterdir()):
        sys.exit(f"seeds.py: there are no seeds of {target}")


def main():
    target, where, *program = sys.argv[1:]
    if where != "--replay":
        write(target, pathlib.Path(where))
        return 0
    with tempfile.TemporaryDirectory() as directory:
        write(target, pathlib.Path(directory))
        files = sorted(pathlib.Path(directory).iterdir())
        return subprocess.run([program[0], *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
