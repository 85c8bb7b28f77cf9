"""How far a project is: epochs, who may write them, when they were committed."""
