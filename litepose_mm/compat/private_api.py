"""Private names of other packages that this package needs because there is no public alternative.

A new release of the other package may break each of them; ``tests/test_compat/test_private_api.py``
finds every use and compares it with this table.
"""

from typing import NamedTuple


class PrivateUse(NamedTuple):
    """The use of a private name.

    Attributes:
        name: The attribute, or the method that is overridden.
        owner: The module or class that defines it.
        cause: Why it is needed, and which public alternative is missing.
        retires: Condition under which it can be removed.
    """

    name: str
    owner: str
    cause: str
    retires: str


PRIVATE_USES = (
    PrivateUse(
        '_load_from',
        'mmengine.runner.Runner',
        'a checkpoint is checked, and read as data only, before the Runner loads it',
        'when a hook is called before loading with the path of the checkpoint',
    ),
    PrivateUse(
        '_resume',
        'mmengine.runner.Runner',
        'a resumed run checks its checkpoint; a new one does not',
        'when the Runner has a public attribute for it',
    ),
    PrivateUse(
        '_train_loop',
        'mmengine.runner.Runner',
        'metrics of a validation without training get step 0; Runner.train_loop would build a loop',
        'when Runner tells publicly whether it has a training loop',
    ),
    PrivateUse(
        '_max_iters',
        'mmengine.runner.EpochBasedTrainLoop',
        'the epochs of a search by gradient have different numbers of iterations; for the log',
        'when the loop adds up the lengths of its epochs',
    ),
    PrivateUse(
        '_make_deconv_layers',
        'mmpose.models.heads.HeatmapHead',
        'EfficientPose has lighter transposed convolutions in the same place',
        'when HeatmapHead takes the type of its transposed convolutions from a config',
    ),
    PrivateUse(
        '_save_checkpoint_with_step',
        'mmengine.hooks.CheckpointHook',
        'old checkpoints are removed only after the new one has been written',
        'when CheckpointHook removes old checkpoints last',
    ),
    PrivateUse(
        '_save_best_checkpoint',
        'mmengine.hooks.CheckpointHook',
        'as for _save_checkpoint_with_step',
        'when CheckpointHook removes old checkpoints last',
    ),
    PrivateUse(
        '_init_env',
        'mmengine.visualization.TensorboardVisBackend',
        'TensorBoard is optional; the parent raises an error if it is missing',
        'when MMEngine has an optional backend',
    ),
    PrivateUse(
        '_make_stage',
        'mmpose.models.backbones.HRNet',
        'branches of a stage may have no blocks, of which HRNet builds at least one',
        'when HRNet accepts num_blocks of 0',
    ),
    PrivateUse(
        '_draw_instance_heatmap',
        'mmpose.visualization.PoseLocalVisualizer',
        'samples may have heatmaps of several levels, of which MMPose draws none',
        'when PoseLocalVisualizer draws a list of heatmaps',
    ),
    PrivateUse(
        '_save_dir',
        'mmengine.visualization.BaseVisBackend',
        'the message about a missing TensorBoard names the folder of the log',
        'when the backend has a public attribute for it',
    ),
    PrivateUse(
        '_metainfo',
        'mmengine.dataset.BaseDataset',
        'MMPose stores the categories of a file there; BaseDataset.metainfo is a copy',
        'when MMPose has a public way to complete metainfo',
    ),
    PrivateUse(
        '_load_annotations',
        'mmpose.datasets.BaseCocoStyleDataset',
        'annotations are read by a reader that reports errors in a file',
        "when MMPose's own reader reports them",
    ),
    PrivateUse(
        '_get_topdown_data_infos',
        'mmpose.datasets.BaseCocoStyleDataset',
        'samples that are drawn on demand have no list to load',
        'when MMPose has data sets without files',
    ),
    PrivateUse(
        '_get_bottomup_data_infos',
        'mmpose.datasets.BaseCocoStyleDataset',
        'as for _get_topdown_data_infos',
        'when MMPose has data sets without files',
    ),
    PrivateUse(
        '_prepare',
        'pycocotools.cocoeval.COCOeval',
        'people are matched as in xtcocotools, which prepares them differently',
        'together with the fix xtcocotools',
    ),
    PrivateUse(
        '_build_wrapper',
        'mmdeploy.codebase.base.BaseBackendModel',
        'it builds the wrapper of a backend, as in every backend model of MMDeploy',
        'when MMDeploy makes it public',
    ),
    PrivateUse(
        '_OpenVINOWrapper__openvino_execute',
        'mmdeploy.backend.openvino.OpenVINOWrapper',
        "MMDeploy's profiler measures this method, and refuses a second one of the same name",
        "when MMDeploy's wrapper uses OpenVINO's current API",
    ),
    PrivateUse(
        '_apply',
        'torch.nn.Module',
        'a teacher that is not a submodule moves to the device together with its student',
        'when torch can leave a submodule out of state_dict',
    ),
    PrivateUse(
        '_dataset_meta',
        'mmengine.evaluator.BaseMetric',
        'the setter of dataset_meta is overridden, and therefore also its getter',
        "when CocoMetric's setter reads no file",
    ),
    PrivateUse(
        '_channel_conversion',
        'mmengine.model.ImgDataPreprocessor',
        'a card records whether a network expects RGB or BGR',
        'when the preprocessor has a public attribute for it',
    ),
    PrivateUse(
        '_metadata',
        'torch.nn.Module.state_dict',
        'checkpoints keep the versions of modules in a state dict',
        'when torch saves it with the state dict as plain data',
    ),
    PrivateUse(
        '_BatchNorm',
        'torch.nn.modules.batchnorm',
        'finds all kinds of batch normalisation, as in MMEngine and MMPose',
        'when torch has a public base class',
    ),
    PrivateUse(
        '_ConvNd', 'torch.nn.modules.conv', 'every kind of convolution', 'as for _BatchNorm'
    ),
    PrivateUse('_ConvTransposeNd', 'torch.nn.modules.conv', 'as for _ConvNd', 'as for _BatchNorm'),
    PrivateUse(
        '_AvgPoolNd', 'torch.nn.modules.pooling', 'every kind of pooling', 'as for _BatchNorm'
    ),
    PrivateUse('_MaxPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'),
    PrivateUse(
        '_AdaptiveAvgPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'
    ),
    PrivateUse(
        '_AdaptiveMaxPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'
    ),
    PrivateUse(
        '_is_avx512_bf16_supported',
        'torch.cpu',
        'bfloat16 is slower than float32 on CPUs without instructions for it',
        'when torch has a public function for it',
    ),
    PrivateUse(
        '_foreach_copy_',
        'torch',
        'one call copies all buffers in each step; 150 calls of copy_ would slow it down',
        'when torch makes its foreach functions public',
    ),
    PrivateUse(
        '_MultiProcessingDataLoaderIter',
        'torch.utils.data.dataloader',
        'its destruction must not raise another error after report_shared_memory()',
        'when DataLoader raises an error if shared memory is full',
    ),
    PrivateUse(
        '_shutdown',
        'torch.utils.data.dataloader._MultiProcessingDataLoaderIter',
        'as for _MultiProcessingDataLoaderIter',
        'when DataLoader raises an error if shared memory is full',
    ),
    PrivateUse(
        '_on_queue_feeder_error',
        'multiprocessing.queues.Queue',
        'a worker that cannot send a batch would drop it, and DataLoader would wait forever',
        'when DataLoader raises an error if shared memory is full',
    ),
)
