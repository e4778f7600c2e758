"""The golden set: every text that is pushed, with ordinary, longest and fewest values, as readers get it."""
