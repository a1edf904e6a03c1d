"""Our own small picture generator: latent, 64 × 64, under four and a half million parameters a domain, trained on a CPU."""
