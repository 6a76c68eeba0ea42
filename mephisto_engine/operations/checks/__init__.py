"""What the doctor looks at: the installation, the database, the invariants of its content."""
