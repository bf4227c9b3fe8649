"""Writes of files, one function per use case."""

from domains.files.actions.sharing import share_files
from domains.files.actions.uploads import announce_upload, complete_upload, receive_content, sweep_uploads

__all__ = ["announce_upload", "complete_upload", "receive_content", "share_files", "sweep_uploads"]
