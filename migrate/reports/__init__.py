"""What people read: one format a module, values in and text out."""
