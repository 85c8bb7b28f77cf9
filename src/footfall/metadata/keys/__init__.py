"""Who may send: keys and origins, as collectors ask for them."""
