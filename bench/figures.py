"""How the benches take their figures, in turns, and print them: median and range."""

import statistics


def spread(values, form="{:.2f}", dash="-"):
    """Median and range."""
    texts = [form.format(f(values)) for f in (statistics.median, min, max)]
    return f"{texts[0]} ({texts[1]}{dash}{texts[2]})"


def ratio(values, base, form="{:.2f}"):
    """Of two lists, turn by turn."""
    return spread([a / b for a, b in zip(values, base)], form)


def row(*cells):
    """One line of a table."""
    print("| " + " | ".join(cells) + " |", flush=True)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def take_turns(*ways, turns):
    """Runs every way so many times, each turn beginning with the next one; a list for each."""
    results = [[] for _ in ways]
    for turn in range(turns):
        for i in range(len(ways)):
            at = (turn + i) % len(ways)
            results[at].append(ways[at]())
    return results
