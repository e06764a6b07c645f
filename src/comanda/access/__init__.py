"""Who may call: brands, integrators, clients, devices and staff, their tokens, rates and rights."""
