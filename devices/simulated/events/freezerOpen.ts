import type { EventDeclaration } from './event';

export const freezerOpen: EventDeclaration = {
  id: 'freezer_open',
  sensors: ['vision', 'depth', 'thermal', 'radar'],
  phrases: ['an open freezer', 'a freezer left open', 'an open refrigerator', 'a cold store standing open'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, x, z, strength } = stage;
    const shell = stage.nearly([232, 234, 236], 14);
    const cold = 256 + 9 * random.next() - 4 * strength;
    const side = random.chance(0.5) ? 1 : -1;
    stage.box({ at: [x, 0.9, z + 0.3], half: [0.42, 0.9, 0.05], colour: [205, 228, 245], glow: 0.75, kelvin: cold });
    for (const edge of [-1, 1]) {
      stage.box({
        at: [x + edge * 0.4, 0.9, z],
        half: [0.04, 0.9, 0.32],
        colour: shell,
        kelvin: stage.ambientKelvin - 2,
      });
    }
    for (const high of [0.03, 1.8]) stage.box({ at: [x, high, z], half: [0.42, 0.04, 0.32], colour: shell });
    for (const high of [0.5, 0.95, 1.4]) {
      stage.box({ at: [x, high, z], half: [0.36, 0.015, 0.26], colour: [190, 215, 235], glow: 0.5, kelvin: cold + 3 });
      const food = [x + random.between(-0.2, 0.2), high + 0.09, z] as const;
      stage.box({ at: food, half: [0.1, 0.08, 0.1], colour: stage.anyColour(), kelvin: cold + 2 });
    }
    stage.box({
      at: [x + side * 0.62, 0.9, z - 0.55],
      half: [0.04, 0.9, 0.3],
      colour: shell,
      yaw: side * 0.05,
      kelvin: stage.ambientKelvin - 5,
    });
  },
  echoes: ({ z, strength }) => [
    { metres: z - 0.55, strength: 1.4 + 0.4 * strength, spreadMetres: 0.03 },
    { metres: z + 0.3, strength: 2.2, spreadMetres: 0.03 },
  ],
};
