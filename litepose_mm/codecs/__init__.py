from .multilevel_associative_embedding import MultiLevelAssociativeEmbedding

__all__ = ['MultiLevelAssociativeEmbedding']
