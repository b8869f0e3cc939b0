/** `node witmotionSensor.js LINK RATE`: a WitMotion sensor on a serial port of the kernel, until it is killed. */
import { SimulatedWitMotion } from '../../../devices/simulated/wire/witmotion';
import { plugIn } from '../../support/pty';

async function main(link: string, rateHz: number): Promise<void> {
  const pty = await plugIn(link);
  process.once('SIGTERM', () => void pty.unplug().then(() => process.exit()));
  const device = new SimulatedWitMotion();
  const start = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - start) * rateHz) / 1000);
    for (; sent < due; sent++) {
      const wave = Math.sin(sent / 20);
      void pty.write(device.encodeSample({ acceleration: [wave, 0, 9.8], angularVelocity: [0, wave, 0], micros: 0 }));
    }
  }, 1);
  console.log('ready');
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
