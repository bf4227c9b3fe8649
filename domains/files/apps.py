"""What files declares about itself."""

from kelmah.domain import DomainConfig


class FilesConfig(DomainConfig):
    name = "domains.files"
    label = "files"
