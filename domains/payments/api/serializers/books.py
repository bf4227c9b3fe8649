"""JSON of the books."""

from rest_framework import serializers


class InvariantOut(serializers.Serializer):
    invariant = serializers.CharField()
    holds = serializers.BooleanField()


class BooksOut(serializers.Serializer):
    in_order = serializers.BooleanField()
    invariants = InvariantOut(many=True)
