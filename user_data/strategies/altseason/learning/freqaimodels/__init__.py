"""Where FreqAI looks for the model: it finds a class by its name in the files of a folder."""
