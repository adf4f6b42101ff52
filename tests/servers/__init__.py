"""Real database servers for the tests; see README.md."""
