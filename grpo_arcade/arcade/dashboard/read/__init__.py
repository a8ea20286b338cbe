"""What the dashboard reads, and from where. Paints nothing."""
