"""Great Expectations at the four doors (landed, staged, golden, outbox): suites in TOML, and the page."""
