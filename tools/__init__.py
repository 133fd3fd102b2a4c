"""What builds the project, and is no part of the product: set-up, locks, generated pages."""
