"""A conversation over a catalogue: what was said becomes typed constraints, filters of the engine, and a plain text."""
