"""Figures: metrics, the protocol, baselines and the report. The room knows a recommender only by `Recommends`."""
