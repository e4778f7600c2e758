"""Messages a second and CPU a message, beside the gateways that people would pick instead."""
