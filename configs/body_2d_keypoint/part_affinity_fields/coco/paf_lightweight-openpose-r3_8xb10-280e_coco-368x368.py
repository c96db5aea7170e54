_base_ = './paf_lightweight-openpose_8xb10-280e_coco-368x368.py'

# The authors' last training, with 3 refinement stages. The network with one stage can use its
# weights, too, and leaves out those of the other stages.
load_from = 'work_dirs/paf_lightweight-openpose_8xb10-280e_coco-368x368/epoch_280.pth'

model = dict(head=dict(num_refinement_stages=3))
