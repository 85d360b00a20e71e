"""What pipeline nodes execute: pure commands, files in, files out."""
