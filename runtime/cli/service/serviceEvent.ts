import type { ConfigChange } from '../../configChange';
import type { SensebindError } from '../../errors';
import type { MetricsEvent } from '../../metrics/server';

/** What happens to a node as a service, for the log. */
export type ServiceEvent =
  /** What has to be said of the bundle: its licence, and what its numbers must not be taken for. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'metrics'; readonly event: MetricsEvent }
  /** Another configuration is in use. */
  | { readonly kind: 'reloaded'; readonly change: ConfigChange }
  /** The configuration that was to take over is not used. */
  | { readonly kind: 'reload-refused'; readonly error: SensebindError }
  /** systemd cannot be told. */
  | { readonly kind: 'systemd'; readonly error: SensebindError }
  /** The process ends by force. */
  | { readonly kind: 'forced-end'; readonly reason: string; readonly exitCode: number };
