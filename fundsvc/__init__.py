"""The donation and fund accounting service of a veterans' association."""
