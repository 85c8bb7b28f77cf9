"""From a path to an answer: one `Edge` for the routes of all protocols, and the way through it."""
