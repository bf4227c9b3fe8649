"""What a WebSocket consumer needs and no domain owns: hints through Redis, local fan-out, one-use tickets."""
