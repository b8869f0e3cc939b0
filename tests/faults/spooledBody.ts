/** A body whose every byte follows from its number, so that a reader knows whether it is whole. */
export function spooledBody(number: number): Buffer {
  const body = Buffer.alloc(8 + ((number * 131) % 700), number % 251);
  body.writeDoubleLE(number);
  return body;
}
