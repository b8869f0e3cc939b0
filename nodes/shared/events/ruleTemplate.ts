import type { MeasureId } from '../../../runtime/events/measures';
import { MEASURES } from '../../../runtime/events/measures';
import type { Condition, LabelCondition, LeafCondition, MeasureCondition, Rule } from '../../../runtime/events/rule';
import type { Modality } from '../../../runtime/reading';

/** Something that conditions can speak of: nobody names it in a flow, it is learnt from what arrives. */
export type Stream =
  /** What a label set says about a source or a group. */
  | { readonly kind: 'labels'; readonly of: string; readonly labelSet: string }
  /** What is measured of a source. */
  | { readonly kind: 'readings'; readonly of: string; readonly modality: Modality };

/** A label; of any source and label set that has it where none is named. */
export type LabelTemplate = Omit<LabelCondition, 'of' | 'labelSet'> & { readonly of?: string };
/** A measured value; of any source that it can be measured of where none is named. */
export type MeasureTemplate = Omit<MeasureCondition, 'of'> & { readonly of?: string };
export type ConditionTemplate =
  | LabelTemplate
  | MeasureTemplate
  | { readonly kind: 'all' | 'any'; readonly conditions: readonly ConditionTemplate[] };

/** A rule before it is known what its conditions speak of. */
export interface RuleTemplate extends Omit<Rule, 'when'> {
  readonly when: ConditionTemplate;
}

/** The rule, as far as its streams are known: a condition that nothing speaks to is not the case. */
export function ruleOf({ when, ...rest }: RuleTemplate, streams: readonly Stream[]): Rule {
  return { ...rest, when: conditionOf(when, streams) };
}

/** What is measured of readings of a modality. */
export function measuresOf(modality: Modality): readonly MeasureId[] {
  return (Object.keys(MEASURES) as MeasureId[]).filter((measure) => MEASURES[measure].modality === modality);
}

function conditionOf(template: ConditionTemplate, streams: readonly Stream[]): Condition {
  switch (template.kind) {
    case 'label':
      return anyOf(streams.flatMap((stream) => labelLeaf(template, stream)));
    case 'measure':
      return anyOf(streams.flatMap((stream) => measureLeaf(template, stream)));
    case 'all':
    case 'any':
      return { kind: template.kind, conditions: template.conditions.map((one) => conditionOf(one, streams)) };
  }
}

function anyOf(conditions: readonly LeafCondition[]): Condition {
  const [only, another] = conditions;
  return only !== undefined && another === undefined ? only : { kind: 'any', conditions };
}

function labelLeaf({ of, ...template }: LabelTemplate, stream: Stream): readonly LeafCondition[] {
  if (stream.kind !== 'labels' || (of !== undefined && of !== stream.of)) return [];
  return [{ ...template, of: stream.of, labelSet: stream.labelSet }];
}

function measureLeaf({ of, ...template }: MeasureTemplate, stream: Stream): readonly LeafCondition[] {
  if (stream.kind !== 'readings' || (of !== undefined && of !== stream.of)) return [];
  return MEASURES[template.measure].modality === stream.modality ? [{ ...template, of: stream.of }] : [];
}
