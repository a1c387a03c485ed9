"""The event-sourced core: conversations, their clocks, and the desk's configuration."""
