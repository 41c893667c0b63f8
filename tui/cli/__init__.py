"""The command line: arguments, help, completion, and one file a command."""
