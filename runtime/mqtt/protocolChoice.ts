import type { ConnectionEnd, ProtocolVersion } from './connection';

/**
 * Which version of MQTT a link speaks. Where that is left to it (`auto`): 5, and 3.1.1 with brokers that refuse it. Brokers
 * of old close the connection when they do not know MQTT 5; others do so while they start or stop, so both are tried in
 * turns then.
 */
export class ProtocolChoice {
  readonly #isAuto: boolean;
  #version: ProtocolVersion;
  /** MQTT 3.1.1 is tried because a broker did not answer MQTT 5; that may have had another reason. */
  #isGuessing: boolean = false;
  #knowsFive: boolean = false;

  constructor(protocol: ProtocolVersion | 'auto') {
    this.#isAuto = protocol === 'auto';
    this.#version = protocol === 'auto' ? '5' : protocol;
  }

  get version(): ProtocolVersion {
    return this.#version;
  }

  /** A broker accepted this version. */
  connected(): void {
    this.#knowsFive ||= this.#version === '5';
  }

  /** A connection, or the attempt at one, ended. True: at once again, with another version. */
  ended({ kind }: ConnectionEnd): boolean {
    if (!this.#isAuto) return false;
    if (kind === 'version-refused' && this.#version === '5') {
      this.#version = '3.1.1';
      return true;
    }
    if (this.#isGuessing) this.#version = '5';
    this.#isGuessing = !this.#isGuessing && !this.#knowsFive && kind === 'unanswered' && this.#version === '5';
    if (this.#isGuessing) this.#version = '3.1.1';
    return false;
  }
}
