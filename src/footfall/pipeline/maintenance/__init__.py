"""When the lake is maintained, and by whom; what retention must leave."""
