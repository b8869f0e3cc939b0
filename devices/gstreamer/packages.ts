import type { DeviceNeeds } from '../device';

/** What everything that is read through GStreamer needs. */
export const GSTREAMER_NEEDS = {
  programs: [
    {
      program: 'gst-launch-1.0',
      debianPackage: 'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good',
    },
  ],
} as const satisfies DeviceNeeds;

/** Debian's packages with the elements that this program uses; the Jetson ones come from NVIDIA's own repository. */
const ELEMENTS_OF: Readonly<Record<string, readonly string[]>> = {
  'gstreamer1.0-plugins-base': [
    'audioconvert',
    'audioresample',
    'audiotestsrc',
    'decodebin',
    'videoconvert',
    'videorate',
    'videoscale',
    'videotestsrc',
  ],
  'gstreamer1.0-plugins-good': ['capssetter', 'jpegdec', 'rtspsrc', 'v4l2src'],
  'libgstreamer1.0-0': ['capsfilter', 'fdsink', 'filesrc', 'identity', 'queue'],
  'nvidia-l4t-gstreamer nvidia-l4t-camera (only on a Jetson)': ['nvarguscamerasrc', 'nvvidconv'],
};

/** What to install for an element. */
export function packageOf(element: string): string {
  const found = Object.entries(ELEMENTS_OF).find(([, elements]) => elements.includes(element));
  return found?.[0] ?? 'gstreamer1.0-plugins-base gstreamer1.0-plugins-good';
}
