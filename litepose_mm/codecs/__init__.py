from .multilevel_associative_embedding import MultiLevelAssociativeEmbedding
from .part_affinity_fields import PartAffinityFields

__all__ = ['MultiLevelAssociativeEmbedding', 'PartAffinityFields']
