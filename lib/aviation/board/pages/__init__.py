"""The pages of the board, a module each: what it asks, its figures as a model, its template beside it."""
