"""The folder in whose files FreqAI looks for its model, a class, by name."""
