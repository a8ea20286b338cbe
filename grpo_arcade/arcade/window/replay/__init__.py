"""A recorded episode again, wound on and back, compared, made into a film."""
