"""Made-up worlds whose best possible prediction is known. `fashion.build` makes the demo's."""
