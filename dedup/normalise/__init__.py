"""What a stated value means: pure functions from a cell's text to a comparable key and a quality.

Belongs here: one module per kind of value, the facts they need in TOML files beside them, and `read.read`, which
chooses the reader by kind. Nothing here imports another part of the project, reads a file of a site or the clock.
Lives elsewhere: which column is what (`connectors`), comparing two keys (`dedup`), choosing between two keys (`warehouse`).
"""
