import type { LabelState } from '../labelStates';
import type { BrokerLink } from './link';
import { jsonMessage, wordMessage } from './message';
import { retainedOfLabel, type Topics } from './topics';

/** What a dashboard may set of a label. */
export interface LabelSetting {
  readonly label: string;
  readonly threshold: number;
  /** Its prompts, as one text. */
  readonly prompt: string;
}

/** Keeps the retained topics of each label as they are to be; says nothing twice. */
export class LabelPublisher {
  readonly #link: Pick<BrokerLink, 'retain' | 'clear'>;
  readonly #topics: Topics;
  /** What was published by topic. */
  readonly #told = new Map<string, string>();

  constructor(link: Pick<BrokerLink, 'retain' | 'clear'>, topics: Topics) {
    this.#link = link;
    this.#topics = topics;
  }

  state({ label, isOn, message }: LabelState): void {
    const { state, attributes } = this.#topics.label(label);
    // First what it rests on, for those whom the state wakes.
    this.#link.retain(attributes, jsonMessage(message));
    this.#tell(state, isOn ? 'ON' : 'OFF');
  }

  setting({ label, threshold, prompt }: LabelSetting): void {
    const topics = this.#topics.label(label);
    this.#tell(topics.threshold.state, String(threshold));
    this.#tell(topics.prompt.state, prompt);
  }

  /** Says again what a dashboard may set: it may show something that was refused. */
  remind(label: string): void {
    const { threshold, prompt } = this.#topics.label(label);
    for (const topic of [threshold.state, prompt.state]) {
      const text = this.#told.get(topic);
      if (text !== undefined) this.#link.retain(topic, wordMessage(text));
    }
  }

  /** The label is no more. */
  clear(label: string): void {
    for (const topic of retainedOfLabel(this.#topics.label(label))) {
      this.#told.delete(topic);
      this.#link.clear(topic);
    }
  }

  #tell(topic: string, text: string): void {
    if (this.#told.get(topic) === text) return;
    this.#told.set(topic, text);
    this.#link.retain(topic, wordMessage(text));
  }
}
