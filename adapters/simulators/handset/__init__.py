"""What the simulated chat services share: a page on which one is a citizen, the talks it shows, a journal, and the
calls that a service makes to its customer."""
