/** A broker's address as it may stand in a log or an error. Cuts too much rather than too little: passwords hold anything. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/s, '//');
}
