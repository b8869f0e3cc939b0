/** Letters of 3 × 5 pixels: five rows of three bits each, from the top, as octal digits. */
const LETTERS: Readonly<Record<string, string>> = {
  a: '25755',
  b: '65656',
  c: '34443',
  d: '65556',
  e: '74647',
  f: '74644',
  g: '34553',
  h: '55755',
  i: '72227',
  j: '11152',
  k: '55655',
  l: '44447',
  m: '57755',
  n: '65555',
  o: '25552',
  p: '65644',
  q: '25563',
  r: '65655',
  s: '34216',
  t: '72222',
  u: '55557',
  v: '55552',
  w: '55775',
  x: '55255',
  y: '55222',
  z: '71247',
};

/** The rows of a letter a-z; of anything else, nothing. */
export function letterRows(letter: string): readonly number[] {
  return [...(LETTERS[letter.toLowerCase()] ?? '00000')].map(Number);
}
