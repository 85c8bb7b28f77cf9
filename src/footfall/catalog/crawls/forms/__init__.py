"""What is in text files: rows of CSV, documents of JSON, and the broken among them."""
