"""JSON of what people leave with gateways."""

from rest_framework import serializers

from kelmah.http.serializers import StrictSerializer


class SavingOut(serializers.Serializer):
    client_secret = serializers.CharField(help_text="For the gateway's own library in the app; for one card.")


class SavedMethodOut(serializers.Serializer):
    id = serializers.CharField(help_text="To charge it: `payment_method` of a deposit, with `saved`.")
    brand = serializers.CharField()
    hint = serializers.CharField(help_text="The end of its number.")
    expires = serializers.CharField(help_text="Year and month; empty where it does not.")


class SavedMethodsOut(serializers.Serializer):
    items = SavedMethodOut(many=True)


class PayeeIn(StrictSerializer):
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="Where I am paid, by ISO 3166; counts the first time.")


class PayeeOut(serializers.Serializer):
    account = serializers.CharField(help_text="To be added as a payout method once it is complete.")
    url = serializers.URLField(help_text="Works once, for some minutes.")
