"""The pages on which administrators configure the desk."""

from services.gateway.pages.desk.routes import router

__all__ = ["router"]
