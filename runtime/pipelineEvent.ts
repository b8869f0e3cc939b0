import type { Millis } from './clock';
import type { CommandReport } from './commands/commandDesk';
import type { Embedding } from './embedding';
import type { SensebindError } from './errors';
import type { DetectedEvent } from './events/detectedEvent';
import type { Fused } from './fusion/group';
import type { LinkEvent } from './mqtt/link';
import type { SpoolEvent } from './mqtt/spool/spool';
import type { SourceStatus } from './source';
import type { Scores } from './zeroshot/score';

/** What happens in a pipeline, for the log. */
export type PipelineEvent =
  | { readonly kind: 'broker'; readonly event: LinkEvent }
  | { readonly kind: 'spool'; readonly event: SpoolEvent }
  | { readonly kind: 'source'; readonly source: string; readonly status: SourceStatus }
  | { readonly kind: 'scores'; readonly source: string; readonly scores: Scores }
  | { readonly kind: 'embedding'; readonly source: string; readonly embedding: Embedding }
  /** What a group of sources says together. */
  | { readonly kind: 'fused'; readonly fused: Fused }
  /** Something started, goes on, or ended. */
  | { readonly kind: 'detected'; readonly event: DetectedEvent }
  /** Something held the event loop up for so long: readings and messages had to wait. */
  | { readonly kind: 'blocked'; readonly blocked: Millis }
  /** One window was lost; the source goes on. */
  | { readonly kind: 'failed'; readonly source: string; readonly error: SensebindError }
  /** Somebody wanted something over MQTT. */
  | { readonly kind: 'command'; readonly command: CommandReport }
  /** Every source has come to its end. */
  | { readonly kind: 'ended' };
