"""Bad input to `borealis cluster` and to the control socket itself: one clear error, and nothing is changed.

test_clusters.py and test_daemon.py have what is wrong in what a person types; here each argument of each
request is given as each thing that it is not.

Time budget: 15 s.
"""

import json
import socket

import pytest

from .cluster import borealis
from .test_daemon import one_line

LONG = "x" * 5000
SECRET = "secret-Word-1"
# Also what would do harm were it part of a path, a statement, a command or a log line.
NAMES = ["", "a" * 64, "a" * 5000, "a" + "ä" * 40, "\ud83d\udc2c", "1a", "-a", "a-", "a--b", "a b", "a.b", "..", "../a", "/etc", "a/b", "naïve", "a\nb",
         "a\tevent DB cluster deleted.", "a'; DROP TABLE cluster; --", "`a`", "$(reboot)", "a%2fb", "--json"]  # fmt: skip


def ask_raw(daemon, line):
    """The answer to a line at the control socket, as text."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(60)
        control.connect(str(daemon.dir / "borealis.sock"))
        control.sendall(line + b"\n")
        answer = b""
        while piece := control.recv(65536):
            answer += piece
    return answer.decode()


def ask(daemon, request, **arguments):
    return json.loads(ask_raw(daemon, f"{request} {json.dumps(arguments)}".encode()))


def refused(daemon, line, *parts):
    """One error of one line, with these parts and no secret in it."""
    answer = json.loads(ask_raw(daemon, line))
    assert set(answer) == {"error"}, (line[:200], answer)
    text = answer["error"]
    assert 10 < len(text) < 600 and text.isprintable() and SECRET not in text, text
    for part in parts:
        assert part in text, (line[:200], text)


def everything(daemon):
    """What there is: clusters, as the daemon shows them, events, and the names of all files.

    What is free of the disk is anybody's.
    """
    clusters = ask(daemon, "cluster-list")["clusters"]
    for one in clusters:
        del one["disk"]["free"]
    return (clusters, ask(daemon, "cluster-events"),
            sorted(str(path) for path in daemon.dir.rglob("*")))  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_changed(cluster):
    before = everything(cluster)
    yield
    assert everything(cluster) == before


# What an argument is not, and what the error names.
NO_TEXT = [(1, "found a whole number"), (1.5, "found another number"), (None, "found null"), (True, "found true"),
           ([], "found an array"), ({}, "found an object")]  # fmt: skip
NO_NUMBER = [("20000", "found a text"), (2e4, "found another number"), (None, "found null"), (True, "found true"),
             ([1], "found an array")]  # fmt: skip
NO_FLAG = [("on", "found a text"), (1, "found a whole number"), (None, "found null")]
WRONG = {
    "listen": [*NO_TEXT, ("", "''"), ("localhost", "localhost"), ("127.0.0.1:80", "127.0.0.1:80"), (LONG, "xxx"),
               ("127.0.0.1; id", "127.0.0.1; id"), ("192.0.2.99", "192.0.2.99")],
    "port": [*NO_NUMBER, *((n, f"expected 1 to 65535, found {n}") for n in (0, -1, 65536, 4294967297))],
    **{f"{kind}_port": [*NO_NUMBER, (-1, "expected 0 to 65535, found -1"), (65536, "found 65536")]
       for kind in ("reader", "instance")},
    **{f"{kind}_listen": [*NO_TEXT, ("", "''"), ("localhost", "localhost"), (LONG, "xxx")]
       for kind in ("reader", "instance")},
    "require_secure_transport": NO_FLAG,
    "compatibility": [*NO_NUMBER, *((n, f"expected 2 or 3, found {n}") for n in (0, 1, 4, -2, 4294967298))],
    "client_networks": [*NO_TEXT, ("nowhere", "nowhere"), ("10.0.0.0/33", "10.0.0.0/33"), ("10.0.0.1,", "comma"),
                        (",", "client networks"), (" 10.0.0.1", "client networks"), (LONG, "client networks"),
                        (",".join(["10.0.0.1"] * 65), "at most 64")],
    **{f"{kind}parameter_group": [*NO_TEXT, ("", "not found"), ("none", "parameter group not found: none"),
                                  ("default.aurora-mysql5.7", "expected one of family aurora-mysql8.0"), (LONG, "xxx")]
       for kind in ("", "instance_")},
    "engine": [*NO_TEXT, ("", "engine"), ("mariadb-1.0", "mariadb-1.0"), ("/etc", "/etc"), (LONG, "xxx"),
               ("../../../etc", "etc"), ("-rf", "-rf"), ("$(id)", "$(id)")],
}  # fmt: skip


@pytest.mark.parametrize("argument", WRONG)
def test_arguments_of_create(cluster, argument):
    for value, part in WRONG[argument]:
        given = json.dumps({"name": "new", argument: value})
        refused(cluster, f"cluster-create {given}".encode(), part)


@pytest.mark.parametrize("argument", WRONG)
def test_arguments_of_modify(cluster, argument):
    for value, part in WRONG[argument]:
        if argument in ("engine", "compatibility") and isinstance(value, (str, int)) and value is not True \
                and (argument == "engine") == isinstance(value, str):  # fmt: skip
            part = "engine" if argument == "engine" else "compatibility"
        given = json.dumps({"name": "borealis", argument: value})
        refused(cluster, f"cluster-modify {given}".encode(), part)


GROUPS = [
    ("describe", {}, "expected the name of a parameter group"),
    ("create", {"name": "new"}, "family: expected"),
    ("create", {"name": "new", "family": "aurora-mysql8.0", "description": LONG}, "description: expected at most 255"),
    ("create", {"name": LONG, "family": "aurora-mysql8.0"}, "expected 1 to 255 letters"),
    ("copy", {"name": "default.aurora-mysql8.0"}, "name of the new parameter group"),
    ("modify", {"name": "default.aurora-mysql8.0", "parameters": {}}, "parameters: expected an array"),
    ("modify", {"name": "own", "parameters": [1]}, "number 1"),
    ("modify", {"name": "own", "parameters": [{"name": "a"}]}, "parameter a: expected a value"),
    ("modify", {"name": "own", "parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": 1}]}, "number 2"),
    ("modify", {"name": "own", "parameters": [{"name": "a", "value": "1", "x": "1"}]}, "number 1"),
    ("modify", {"name": "own", "apply_method": "now"}, "apply method: expected immediate or pending-reboot"),
    ("reset", {"name": "own", "all": 1}, "all: expected true or false"),
    ("delete", {"name": "own", "instance": "true"}, "instance: expected true or false"),
    ("list", {"name": "own"}, "expected no such argument"),
]


@pytest.mark.parametrize("verb, given, part", GROUPS)
def test_parameter_groups(cluster, verb, given, part):
    refused(cluster, f"parameter-group-{verb} {json.dumps(given)}".encode(), part)


@pytest.mark.parametrize("request_name", ["create", "describe", "modify", "reboot", "delete", "events"])
def test_names(cluster, request_name):
    request = f"cluster-{request_name}"
    for name in NAMES:
        confirm = {"confirm": name} if request_name == "delete" else {}
        given = json.dumps({"name": name, **confirm})
        refused(cluster, f"{request} {given}".encode(), "name", "expected 1 to 63 letters")
    for value, part in NO_TEXT:
        refused(cluster, f"{request} {json.dumps({'name': value})}".encode(), request, "name: expected a text", part)
    refused(cluster, f'{request} {{"name": "a\\u0000b"}}'.encode(), request, "expected a JSON object")
    refused(cluster, f'{request} {{"name": "a", "name": "b"}}'.encode(), request, "found one twice")
    refused(cluster, f'{request} {{"name": "a", "nmae": "b"}}'.encode(), request, "'nmae'")
    if request_name != "events":
        refused(cluster, request.encode(), "expected the name of a cluster, found none")
    if request_name not in ("create", "events"):
        refused(cluster, f'{request} {{"name": "nobody", "confirm": "nobody"}}'.encode()
                if request_name == "delete" else f'{request} {{"name": "nobody"}}'.encode(), "cluster nobody")  # fmt: skip


def test_password_and_confirmation(cluster):
    for value, part in NO_TEXT:
        refused(cluster, f'cluster-modify {json.dumps({"name": "borealis", "password": value})}'.encode(), part)
        refused(cluster, f'cluster-delete {json.dumps({"name": "borealis", "confirm": value})}'.encode(), part)
    for value in ("", "Secret1", SECRET * 4, f"{SECRET} x", f"{SECRET}/", f"{SECRET}é", f"{SECRET}\n", f'{SECRET}"',
                  f"{SECRET}@"):  # fmt: skip
        given = json.dumps({"name": "borealis", "password": value})
        refused(cluster, f"cluster-modify {given}".encode(), "the master user's password: expected")
    refused(cluster, f'cluster-modify {{"name": "borealis", "password": "{SECRET}'.encode(), "expected a JSON object")
    refused(cluster, f'cluster-create {{"name": "new", "password": "{SECRET}"}}'.encode(), "'password'")
    refused(cluster, b'cluster-delete {"name": "borealis"}', "--confirm", "nothing is deleted")
    for value in ("", "boreali", "borealis ", "borealis\n"):
        given = json.dumps({"name": "borealis", "confirm": value})
        refused(cluster, f"cluster-delete {given}".encode(), "nothing is deleted")


LINES = [
    (b"", "found ''"),
    (b"vanish", "'vanish'"),
    (b"cluster-vanish {}", "'cluster-vanish'"),
    (b"Cluster-List", "found ''"),
    (b"stop now", "'stop'"),
    (b"status ", "'status'"),
    (b" cluster-list", "found ''"),
    (b"\xff\xfe\x00", "a byte of 0"),
    (b"\xff\xfe\xfd", "found ''"),
    (b'";{"error"', "found ''"),
    (b"v" * 16384, "expected less than 16384 bytes, found 16384"),
    (b"v" * 100000, "found 100000"),
    (b"cluster-list\0", "a byte of 0"),
    (b"cluster-list []", "found an array"),
    (b"cluster-list {", "expected a JSON object"),
    (b"cluster-list {} {}", "expected a JSON object"),
    (b'cluster-list {"name": "borealis"}', "'name'"),
    (b"cluster-list " + b'{"a":' * 3000, "expected a JSON object"),
    (b"cluster-create \xff", "expected a JSON object"),
    (b'cluster-create {"name": "new", "port": 99999999999999999999}', "expected a JSON object"),
]


def test_lines_that_are_no_request(cluster):
    for line, part in LINES:
        refused(cluster, line, part)


def test_a_client_that_goes_away(cluster):
    """Without a word, in the middle of one, or before the answer: the next is served."""
    for piece in (b"", b"cluster-", b"cluster-list\n"):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(cluster.dir / "borealis.sock"))
            control.sendall(piece)
    assert [one["name"] for one in ask(cluster, "cluster-list")["clusters"]] == ["borealis"]


VERBS = {
    "create": ["new"], "describe": ["borealis"], "modify": ["borealis"], "reboot": ["borealis"],
    "delete": ["borealis"], "events": ["borealis"], "list": [],
}  # fmt: skip
VALUES = {
    "create": ["engine", "listen", "port", "require-secure-transport", "client-networks", "compatibility"],
    "modify": ["engine", "listen", "port", "require-secure-transport", "client-networks",
               "master-user-password-file"],
    "delete": ["confirm"],
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_command_line(cluster, verb):
    """Each option unknown, without its value, twice; and arguments too many."""
    where = ["--dir", str(cluster.dir)]
    lines = [(["--vanish"], "'--vanish'"), (["surplus", "and-more"], ""), (["--dir", "/tmp"], "'--dir'"), (["-x"], "-x")]
    for option in VALUES.get(verb, []):
        lines += [([f"--{option}"], f"'--{option}'"), ([f"--{option}", "3", f"--{option}=3"], f"'--{option}'"),
                  ([f"--{option[:-1]}", "3"], f"'--{option[:-1]}'")]  # fmt: skip
        if option != "client-networks":
            lines.append(([f"--{option}", ""], ""))
    for words, part in lines:
        if words[:1] == ["--client-networks"] and len(words) == 3:
            continue  # a list
        done = borealis("cluster", verb, *where, *VERBS[verb], *words)
        one_line(done, part)
