"""How values are said: units, labels and sentences, for screens and commands alike."""
