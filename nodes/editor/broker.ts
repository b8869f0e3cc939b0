import { type ValidatorOptions, words } from './red';

const LEVELS = /^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64})*$/;
const URL_OF_BROKER = /^(mqtts?|wss?):\/\/\S+$/;

/** What the runtime says of a test. */
interface TestAnswer {
  readonly connected: boolean;
  readonly version?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Whether it is the address of a broker; a reason where it is not. */
export function validBrokerUrl(value: unknown, _options?: ValidatorOptions): true | string {
  return (typeof value === 'string' && URL_OF_BROKER.test(value)) || words('invalid.brokerUrl');
}

/** Whether a node's topics can begin so; a reason where they cannot. */
export function validBaseTopic(value: unknown, _options?: ValidatorOptions): true | string {
  return isEmpty(value) || (typeof value === 'string' && LEVELS.test(value)) || words('invalid.baseTopic');
}

/** Whether it is a number of at least `least`, or nothing; a reason where it is not. */
export function validAmount(value: unknown, _options: ValidatorOptions | undefined, least: number): true | string {
  return isEmpty(value) || Number(value) >= least || words('invalid.amount', { least });
}

/** Tries what stands in the fields, before it is deployed. */
export function prepareBrokerTest(id: string): void {
  const button = $('#sensebind-broker-test');
  const answer = $('#sensebind-broker-answer');
  button.on('click', () => {
    button.prop('disabled', true);
    answer.text(words('broker.trying'));
    const body = JSON.stringify({ id, ...fields() });
    void $.ajax({ url: 'sensebind/broker/test', method: 'POST', contentType: 'application/json', data: body }).then(
      (result: TestAnswer) => show(result),
      (request: JQuery.jqXHR) =>
        show({ connected: false, message: words('broker.noAnswer', { status: request.status }) }),
    );
  });
  const show = ({ connected, version = '', code, message = '' }: TestAnswer): void => {
    button.prop('disabled', false);
    const failure = code === undefined ? message : `${code}: ${message}`;
    answer.text(connected ? words('broker.connected', { version }) : failure);
  };
}

function fields(): Readonly<Record<string, unknown>> {
  const names = [
    'url',
    'username',
    'password',
    'node',
    'baseTopic',
    'protocol',
    'clientId',
    'caFile',
    'certFile',
    'keyFile',
  ];
  return Object.fromEntries(names.map((name) => [name, $(`#node-config-input-${name}`).val()]));
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === undefined || value === null;
}
