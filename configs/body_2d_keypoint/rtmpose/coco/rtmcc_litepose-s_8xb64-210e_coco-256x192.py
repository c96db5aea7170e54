# LitePose's backbone with RTMPose's head (RTMCC) and the schedule of the SimCC config.
_base_ = '../../simcc/coco/simcc_litepose-s_8xb64-210e_coco-256x192.py'

codec = _base_.codec

model = dict(
    head=dict(
        _delete_=True,
        type='RTMCCHead',
        in_channels=120,
        out_channels=17,
        input_size=codec['input_size'],
        in_featuremap_size=(12, 16),
        simcc_split_ratio=codec['simcc_split_ratio'],
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False,
        ),
        loss=dict(type='KLDiscretLoss', use_target_weight=True, beta=10.0, label_softmax=True),
        decoder=codec,
    )
)
