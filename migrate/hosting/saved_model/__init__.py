"""SavedModels of hosted loops."""
