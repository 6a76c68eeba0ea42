"""What an operator sees: the command line and the live console."""
