import { describeNode } from './mqtt/discovery/describeNode';
import { HomeAssistantDiscovery } from './mqtt/discovery/homeAssistant';
import type { KnownPages } from './mqtt/discovery/pages';
import type { BrokerLink } from './mqtt/link';
import type { PipelineOptions } from './pipeline';
import type { LabelSets } from './zeroshot/labelSets';

/** Discovery by Home Assistant for a pipeline; `undefined` where there is nothing to tell, and nothing to take back. */
export function openDiscovery(
  { config, bundle, sources, clock, version, discoveryStore, onEvent }: PipelineOptions,
  parts: { readonly labelSets: LabelSets; readonly known: KnownPages | undefined; readonly link: BrokerLink },
): HomeAssistantDiscovery | undefined {
  const { labelSets, known = new Map(), link } = parts;
  const { homeAssistant } = config.broker;
  if (discoveryStore === undefined || homeAssistant === undefined) return undefined;
  if (!homeAssistant.enabled && known.size === 0) return undefined;
  const modalities = new Map(sources.map(({ source }) => [source.id, source.modality]));
  const discovery = new HomeAssistantDiscovery({
    link,
    prefix: homeAssistant.prefix,
    known,
    store: discoveryStore,
    clock,
    describe: () =>
      homeAssistant.enabled
        ? describeNode(config, {
            labelSets: labelSets.current().map(({ labelSet }) => labelSet),
            modalities,
            bundle: bundle.manifest.name,
            version,
          })
        : undefined,
    onFailed: (error) => onEvent({ kind: 'failed', source: 'home-assistant', error }),
  });
  labelSets.onChanged(() => discovery.update());
  return discovery;
}
