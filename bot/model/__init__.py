"""The vocabulary: pure values that every part of the house may know."""
