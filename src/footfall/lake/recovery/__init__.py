"""After damage, a move, or a lost state: what is still there, and what is made of it."""
