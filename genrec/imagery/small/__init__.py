"""Our own small picture generator: latent, 64 × 64, at most four million parameters a domain, trained on a CPU."""
