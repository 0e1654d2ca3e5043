"""A detector of prompt attacks that learns from the user's own labelled prompts, and stands beside the case.

labelled  reads prompts with labels from JSON lines or CSV
words     prompts as rows of hashed words and letters
linear    logistic regression over such rows
report    how well it does on sources, or times, that it has not seen
beside    where it is kept, and what it fills into events
"""
