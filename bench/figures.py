"""How the benches print what they took several times: median and range."""

import statistics


def spread(values, form="{:.2f}"):
    """Median and range."""
    texts = [form.format(f(values)) for f in (statistics.median, min, max)]
    return f"{texts[0]} ({texts[1]}-{texts[2]})"


def ratio(values, base, form="{:.2f}"):
    """Of two lists, turn by turn."""
    return spread([a / b for a, b in zip(values, base)], form)


def row(*cells):
    """One line of a table."""
    print("| " + " | ".join(cells) + " |", flush=True)
