import type { NodeAPI } from 'node-red';
import { liveBoard } from '../shared/live/board';

/** What the sidebar and the live page ask for, several times a second while somebody looks. */
export function registerLive(RED: NodeAPI): void {
  RED.httpAdmin.get('/sensebind/live', RED.auth.needsPermission('sensebind.read'), (_request, response) => {
    response.set('Cache-Control', 'no-store').json(liveBoard.snapshot());
  });
}
