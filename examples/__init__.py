"""Programs that use a kiosk from outside: they need aiohttp alone, and can be copied."""
