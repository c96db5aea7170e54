"""What several hooks need."""
