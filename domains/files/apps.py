"""What files declares about itself."""

from kelmah.domain import DomainConfig


class FilesConfig(DomainConfig):
    name = "domains.files"
    label = "files"
    service = "domains.files.service.FilesService"
    handlers = "domains.files.handlers"
    urls = "domains.files.api.urls"
    outside = {"file storage": "the bytes of what people upload"}
    beat = {
        "files-sweep": {"task": "files.sweep_uploads", "schedule": 3600.0},
        "files-exports": {"task": "files.sweep_exports", "schedule": 3600.0},
    }
