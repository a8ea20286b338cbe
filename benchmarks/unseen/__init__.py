"""What the pocket model learns in games that had no part in its making: five of them, played and trained as they come."""
