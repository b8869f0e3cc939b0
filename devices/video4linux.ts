import Type from '#typebox';
import type { DeviceNeeds, FoundDevice } from './device';
import type { Ports } from './ports/ports';
import { videoNodes } from './videoNodes';

/** Path of a video device in a configuration. */
export const VideoPath = Type.String({
  pattern: '^/[A-Za-z0-9#+.:=@_/-]{1,255}$',
  title: 'the path of a video device, such as /dev/v4l/by-id/…',
  description: 'One of /dev/v4l/by-id stays the same when the camera is plugged in again.',
});

/** What every camera that is read with v4l2-ctl needs. */
export const V4L2_NEEDS: DeviceNeeds = {
  programs: [
    { program: 'v4l2-ctl', debianPackage: 'v4l-utils' },
    { program: 'stdbuf', debianPackage: 'coreutils' },
  ],
  files: { folder: '/dev', name: /^video\d+$/, group: 'video' },
};

export interface CameraQuery {
  /** Kind of device, as a configuration names it. */
  readonly kind: string;
  /** `vendor:product`, hexadecimal. */
  readonly usbIds: readonly (string | RegExp)[];
  /** Of several nodes of one camera only the first. */
  readonly firstNodeOnly?: boolean;
}

/** Cameras of these USB ids that are plugged in. */
export async function findCameras({ roots }: Ports, query: CameraQuery): Promise<readonly FoundDevice[]> {
  const seen = new Set<string>();
  return (await videoNodes(roots)).flatMap(({ title, device, index, usb }) => {
    if (usb === undefined || index !== 0 || !matches(usb.id, query.usbIds)) return [];
    if (query.firstNodeOnly && seen.has(usb.folder)) return [];
    seen.add(usb.folder);
    return [{ name: title, options: { kind: query.kind, device }, certainty: 'certain' as const }];
  });
}

function matches(usbId: string, wanted: CameraQuery['usbIds']): boolean {
  return wanted.some((id) => (typeof id === 'string' ? id === usbId : id.test(usbId)));
}
