"""AWS Clickstream SDKs: the decoder, and its fast way."""
