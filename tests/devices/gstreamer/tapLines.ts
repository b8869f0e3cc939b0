/** A line of the tap about a buffer, in the form of GStreamer 1.22 (tapLine.test.ts has printed ones). */
export function bufferLine({
  bytes,
  ptsMicros,
  offset,
  flags = '00000000 ',
}: {
  readonly bytes: number;
  readonly ptsMicros?: number;
  readonly offset?: number;
  readonly flags?: string;
}): string {
  const pts = ptsMicros === undefined ? 'none' : time(ptsMicros);
  return `/GstPipeline:pipeline0/GstIdentity:tap: last-message = chain   ******* (tap:sink) (${bytes} bytes, dts: none, pts: ${pts}, duration: none, offset: ${offset ?? -1}, offset_end:  -1, flags: ${flags}, meta: none) 0x5555`;
}

/** A line of the tap about the size of the pictures that follow. */
export function formatLine(width: number, height: number): string {
  return `/GstPipeline:pipeline0/GstIdentity:tap.GstPad:sink: caps = video/x-raw, format=(string)RGB, width=(int)${width}, height=(int)${height}`;
}

function time(micros: number): string {
  const pad = (value: number, digits = 2): string => String(Math.floor(value)).padStart(digits, '0');
  const seconds = micros / 1e6;
  return `${Math.floor(seconds / 3600)}:${pad((seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(micros % 1e6, 6)}000`;
}
