#!/usr/bin/env python3
"""Writes the SQL files given as a C table of strings (src/cluster/procedures.h).

usage: embed-sql.py OUTPUT FILE...
"""
import os
import sys


def c_string(text):
    lines = []
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'     "{escaped}"')
    return "\n".join(lines) or '     ""'


def main():
    output, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    with open(output, "w", encoding="ascii") as out:
        out.write('#include "cluster/procedures.h"\n\n')
        out.write("const struct procedures_file procedures_files[] = {\n")
        for path in files:
            with open(path, encoding="ascii") as source:
                text = source.read()
            out.write(f'    {{"{os.path.basename(path)}",\n{c_string(text)}}},\n')
        out.write("};\n")
        out.write(f"const unsigned procedures_n_files = {len(files)};\n")


main()
