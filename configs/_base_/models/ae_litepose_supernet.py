_base_ = './ae_litepose.py'

# A config sets the elastic parts and the search space (litepose_mm.recipes.supernet_model).
model = dict(type='SupernetBottomupPoseEstimator')
find_unused_parameters = True  # a narrower network leaves blocks alone where depths differ
