"""What the owner decided, and what names mean by convention."""
