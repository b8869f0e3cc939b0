/** The six modalities of ImageBind, in the order of its state dict (reference/imagebind.md §1.5). */
export const MODALITIES = ['vision', 'text', 'audio', 'depth', 'thermal', 'imu'] as const;
export type ImagebindModality = (typeof MODALITIES)[number];

/** The towers that every other one is bound to: their tensors make the space. */
export const ANCHOR_MODALITIES: readonly ImagebindModality[] = ['vision', 'text'];

/** What sets one tower apart from the others, beside its sizes (reference/imagebind.md §1.1-1.5). */
export interface TowerFacts {
  readonly stem: Stem;
  /** Dimensions of the stem's weight beside the width. */
  readonly stemRank: number;
  /** LayerNorm between the positional embedding and the blocks. */
  readonly normBeforeTrunk: boolean;
  /** One learnt position appended to keys and values (`add_bias_kv`). */
  readonly keyValueBias: boolean;
  readonly names: TowerNames;
}

/** What turns input into tokens. */
export type Stem = 'convolution' | 'linear' | 'vocabulary';

/** Names of a tower's tensors in the checkpoint. A norm is the prefix of `.weight` and `.bias`. */
export interface TowerNames {
  readonly stemWeight: string;
  readonly stemNorm?: string;
  readonly classToken?: string;
  readonly positions: string;
  /** A buffer that follows from the text's length: checked where it is present, never read. */
  readonly mask?: string;
  readonly trunkNorm?: string;
  readonly headNorm: string;
  readonly headWeight: string;
  readonly logitScale?: string;
}

/** Names of one transformer block's tensors. */
export interface BlockNames {
  readonly attentionNorm: string;
  readonly packedWeight: string;
  readonly packedBias: string;
  readonly keyBias?: string;
  readonly valueBias?: string;
  readonly outputWeight: string;
  readonly outputBias: string;
  readonly hiddenNorm: string;
  readonly expandWeight: string;
  readonly expandBias: string;
  readonly contractWeight: string;
  readonly contractBias: string;
}

const PREPROCESSORS = 'modality_preprocessors';
const TRUNKS = 'modality_trunks';
const HEADS = 'modality_heads';
const POSTPROCESSORS = 'modality_postprocessors';

function logitScale(modality: ImagebindModality): string {
  return `${POSTPROCESSORS}.${modality}.1.log_logit_scale`;
}

/** Depth, thermal and audio: a convolution with a LayerNorm of its own. */
function pictureLike(modality: 'audio' | 'depth' | 'thermal', stem: string): TowerFacts {
  const prefix = `${PREPROCESSORS}.${modality}`;
  return {
    stem: 'convolution',
    stemRank: 3,
    normBeforeTrunk: false,
    keyValueBias: true,
    names: {
      stemWeight: `${prefix}.${stem}.proj.weight`,
      stemNorm: `${prefix}.${stem}.norm_layer`,
      classToken: `${prefix}.cls_token`,
      positions: `${prefix}.pos_embedding_helper.pos_embed`,
      headNorm: `${HEADS}.${modality}.0`,
      headWeight: `${HEADS}.${modality}.2.weight`,
      logitScale: logitScale(modality),
    },
  };
}

/** The declaration of every tower: names as in reference/imagebind.md §1.5. */
export const TOWERS: Readonly<Record<ImagebindModality, TowerFacts>> = {
  vision: {
    stem: 'convolution',
    stemRank: 4,
    normBeforeTrunk: true,
    keyValueBias: false,
    names: {
      stemWeight: `${PREPROCESSORS}.vision.rgbt_stem.proj.1.weight`,
      classToken: `${PREPROCESSORS}.vision.cls_token`,
      positions: `${PREPROCESSORS}.vision.pos_embedding_helper.pos_embed`,
      trunkNorm: `${TRUNKS}.vision.pre_transformer_layer.0`,
      headNorm: `${HEADS}.vision.0`,
      headWeight: `${HEADS}.vision.2.weight`,
    },
  },
  text: {
    stem: 'vocabulary',
    stemRank: 1,
    normBeforeTrunk: false,
    keyValueBias: false,
    names: {
      stemWeight: `${PREPROCESSORS}.text.token_embedding.weight`,
      positions: `${PREPROCESSORS}.text.pos_embed`,
      mask: `${PREPROCESSORS}.text.mask`,
      headNorm: `${HEADS}.text.proj.0`,
      headWeight: `${HEADS}.text.proj.1.weight`,
      logitScale: logitScale('text'),
    },
  },
  audio: pictureLike('audio', 'rgbt_stem'),
  depth: pictureLike('depth', 'depth_stem'),
  thermal: pictureLike('thermal', 'rgbt_stem'),
  imu: {
    stem: 'linear',
    stemRank: 1,
    normBeforeTrunk: false,
    keyValueBias: true,
    names: {
      stemWeight: `${PREPROCESSORS}.imu.imu_stem.proj.weight`,
      stemNorm: `${PREPROCESSORS}.imu.imu_stem.norm_layer`,
      classToken: `${PREPROCESSORS}.imu.cls_token`,
      positions: `${PREPROCESSORS}.imu.pos_embed`,
      headNorm: `${HEADS}.imu.0`,
      headWeight: `${HEADS}.imu.3.weight`,
      logitScale: logitScale('imu'),
    },
  },
};

/** The names of block number `index` of a tower. */
export function blockNames(modality: ImagebindModality, index: number): BlockNames {
  const prefix = `${TRUNKS}.${modality}.blocks.${index}`;
  return {
    attentionNorm: `${prefix}.norm_1`,
    packedWeight: `${prefix}.attn.in_proj_weight`,
    packedBias: `${prefix}.attn.in_proj_bias`,
    ...(TOWERS[modality].keyValueBias
      ? { keyBias: `${prefix}.attn.bias_k`, valueBias: `${prefix}.attn.bias_v` }
      : undefined),
    outputWeight: `${prefix}.attn.out_proj.weight`,
    outputBias: `${prefix}.attn.out_proj.bias`,
    hiddenNorm: `${prefix}.norm_2`,
    expandWeight: `${prefix}.mlp.fc1.weight`,
    expandBias: `${prefix}.mlp.fc1.bias`,
    contractWeight: `${prefix}.mlp.fc2.weight`,
    contractBias: `${prefix}.mlp.fc2.bias`,
  };
}

/** True for a tensor that belongs to the tower of `modality`, known or not. */
export function belongsTo(modality: ImagebindModality, tensor: string): boolean {
  return [PREPROCESSORS, TRUNKS, HEADS, POSTPROCESSORS].some((room) => tensor.startsWith(`${room}.${modality}.`));
}

export function isImagebindModality(text: string): text is ImagebindModality {
  return MODALITIES.some((modality) => modality === text);
}
