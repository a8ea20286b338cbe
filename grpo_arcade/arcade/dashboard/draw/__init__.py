"""What the dashboard paints with: text, charts, bars, positions. Knows no run."""
