"""A city that does not exist: people with true values, mistakes from a catalogue, exports in every platform's real format, and the truth."""
