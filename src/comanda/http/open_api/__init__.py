"""The v2 wire: authentication and orders, as documented, with what contract section 14 decides."""
