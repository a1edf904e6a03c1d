"""Our own small picture generator: latent, 64 × 64, under 4.4 million parameters a domain, trained on a CPU."""
