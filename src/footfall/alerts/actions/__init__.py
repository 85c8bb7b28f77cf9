"""How firings reach people and programs: signed webhooks, Apprise, and installed packages."""
