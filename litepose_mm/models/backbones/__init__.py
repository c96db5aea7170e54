from .litepose import LitePose

__all__ = ['LitePose']
