import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

const PACKAGES = 'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good';

/** True, and the test is skipped, on a machine without GStreamer. */
export function isGStreamerMissing(context: TestContext): boolean {
  if (!spawnSync('gst-launch-1.0', ['--version']).error) return false;
  context.skip(`GStreamer is missing: apt-get install ${PACKAGES}`);
  return true;
}

/** Runs a pipeline to its end, such as one that writes a file. */
export function launch(pipeline: string): void {
  const { status, stderr } = spawnSync('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`gst-launch-1.0 ${pipeline}: ${stderr}`);
}
