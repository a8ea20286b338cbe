"""A match on one seed: person and models, or models among themselves."""
