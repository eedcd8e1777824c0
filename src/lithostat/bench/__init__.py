"""Laws held against published cells: what each of them predicts, how wide, and how wrong."""
