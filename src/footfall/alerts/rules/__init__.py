"""What fires: the SQL of rules, the judgement, and when a rule would have fired."""
