from kelmah.domain import DomainConfig


class ParcelsConfig(DomainConfig):
    name = "tests.kernel.rpc.parcels"
    label = "parcels"
    service = "tests.kernel.rpc.parcels.service.ParcelsService"
