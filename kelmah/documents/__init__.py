"""Documents for people, made of what the database says."""

from kelmah.documents.tables import Column, TableDocument, as_csv, as_pdf

__all__ = ["Column", "TableDocument", "as_csv", "as_pdf"]
