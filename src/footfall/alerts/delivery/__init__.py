"""Who is told: the outbox, its requests and what they say."""
