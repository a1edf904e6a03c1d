"""The engine inside vLLM: beams in its worker, a driver over its public API, masks for sampled text."""
