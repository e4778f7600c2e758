"""Messages a second and CPU a message, side by side with the gateways that people would pick instead of this service."""
