import type { EngineStatus } from '../inference/stats';

/**
 * Says of each large encoder whether it runs from its copy in the device cache, and why not, whenever that changes.
 *
 * @param note - Takes a line.
 * @returns To be told of the engine's status.
 */
export function copyNotes(note: (text: string) => void): (status: EngineStatus) => void {
  const said = new Map<string, string>();
  return ({ providers }) => {
    for (const [modality, { deviceCopy }] of Object.entries(providers)) {
      if (deviceCopy.state === 'off' || said.get(modality) === deviceCopy.reason) continue;
      said.set(modality, deviceCopy.reason);
      note(
        `encoder of ${modality}: ${deviceCopy.state === 'used' ? '' : 'without the device cache, '}${deviceCopy.reason}`,
      );
    }
  };
}
