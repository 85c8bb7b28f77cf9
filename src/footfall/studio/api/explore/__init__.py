"""Questions of the explore models, and who is behind each number."""
