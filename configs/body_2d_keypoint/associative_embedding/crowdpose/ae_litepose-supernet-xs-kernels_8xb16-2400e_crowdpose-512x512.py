_base_ = './ae_litepose-supernet-xs_8xb16-2400e_crowdpose-512x512.py'
from litepose_mm.recipes import ae_codec, supernet_hooks, supernet_model, training_hooks

# The space of XS with kernels to choose from, too, as the authors' supernets have them.
space = dict(
    largest='prune-l',
    img_sizes=[512, 448, 384, 320, 256],
    ratios=[1, 0.75, 0.5, 0.25],
    kernel_sizes=[7, 5, 3],
)
search_space = dict(_delete_=True, **space)
model = supernet_model(space, num_keypoints=14, decoder=ae_codec(input_size=(512, 512)))
custom_hooks = training_hooks(
    *supernet_hooks(space, 'litepose-xs', 'litepose-s', 'litepose-m', 'litepose-l')
)
