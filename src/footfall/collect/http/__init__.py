"""What the collector needs of HTTP: headers in one pass, CORS, answers in one piece."""
