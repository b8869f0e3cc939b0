import type { Config } from './config/config';
import type { LaneSource } from './lane';
import { describeNode } from './mqtt/discovery/describeNode';
import { HomeAssistantDiscovery } from './mqtt/discovery/homeAssistant';
import type { KnownPages } from './mqtt/discovery/pages';
import type { BrokerLink } from './mqtt/link';
import type { PipelineOptions } from './pipelineOptions';
import type { LabelSets } from './zeroshot/labelSets';

/** What Home Assistant is told of; all but the link may change while a node runs. */
interface DescribedParts {
  readonly config: () => Config;
  readonly sources: () => readonly LaneSource[];
  readonly labelSets: LabelSets;
  readonly known: KnownPages | undefined;
  readonly link: BrokerLink;
}

/** Discovery by Home Assistant for a pipeline; `undefined` where there is nothing to tell, and nothing to take back. */
export function openDiscovery(
  { bundle, clock, version, discoveryStore, onEvent }: PipelineOptions,
  parts: DescribedParts,
): HomeAssistantDiscovery | undefined {
  const { config, sources, labelSets, known = new Map(), link } = parts;
  const { homeAssistant } = config().broker;
  if (discoveryStore === undefined || homeAssistant === undefined) return undefined;
  if (!homeAssistant.enabled && known.size === 0) return undefined;
  const discovery = new HomeAssistantDiscovery({
    link,
    prefix: homeAssistant.prefix,
    known,
    store: discoveryStore,
    clock,
    describe: () =>
      homeAssistant.enabled
        ? describeNode(config(), {
            labelSets: labelSets.current().map(({ labelSet }) => labelSet),
            modalities: new Map(sources().map(({ source }) => [source.id, source.modality])),
            bundle: bundle.manifest.name,
            version,
          })
        : undefined,
    onFailed: (error) => onEvent({ kind: 'failed', source: 'home-assistant', error }),
  });
  labelSets.onChanged(() => discovery.update());
  return discovery;
}
