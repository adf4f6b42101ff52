"""/metrics as Prometheus reads it, and what names of it a text uses."""

import http.client as http_client
import re

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT = 60  # seconds; only a failure reaches it


def http(port, request):
    """Status, headers and body of one HTTP request."""
    connection = http_client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    connection.request(*request)
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()


def families(port):
    status, headers, text = http(port, ("GET", "/metrics"))
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    parsed = {family.name: family for family in text_string_to_metric_families(text)}
    # The parser takes more than the format has: each family once, with HELP and TYPE before it.
    names = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", text, re.M)
    assert names == re.findall(r"^# HELP (\S+) \S.*$", text, re.M)
    assert len(names) == len(set(names)) == len(parsed)
    return parsed, names


def samples(parsed, name, **labels):
    return {
        tuple(value for key, value in sorted(s.labels.items()) if key not in labels): s.value
        for s in parsed[name].samples
        if labels.items() <= s.labels.items()
    }


def used_metrics(text):
    names = set(re.findall(r"\bborealis_\w+", text))
    return {re.sub(r"_(bucket|sum|count)$", "", name) if "_duration_" in name else name
            for name in names}  # fmt: skip
